"""What all tests share: the folder of test data, and a home of their own."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import made_films
import made_scenes
import pytest
import soundfile
import soxr
import vouched
from hypothesis import settings

from panns_inference import cores
from panns_inference.checkpoints import CHECKPOINTS

ROOT = Path(__file__).resolve().parent.parent

DATA = Path(os.environ.get("PANNS_TEST_DATA", ROOT.parent / "shared"))
"""Weights and recordings that are not in the repository."""

if "PYTEST_XDIST_WORKER" in os.environ:
    # Workers, and the programs that they start, do not fight for the cores.
    os.environ |= {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}


settings.register_profile("quick", deadline=None, derandomize=True, max_examples=60)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=600)
settings.load_profile("quick")  # `pytest --hypothesis-profile=thorough` takes the other one


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """All tests are shared out among the cores; for named ones, processes are not worth it."""
    return cores.available() if config.args_source is config.ArgsSource.TESTPATHS else 0


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of a test with the mark `sample(n)`, all cases but n of them are slow."""
    cases = defaultdict(list)
    for item in items:
        if mark := item.get_closest_marker("sample"):
            cases[item.nodeid.partition("[")[0], mark.args[0]].append(item)
    for (name, n), alike in cases.items():
        drawn = random.Random(name).sample(range(len(alike)), min(n, len(alike)))
        for number, item in enumerate(alike):
            if number not in drawn:
                item.add_marker("slow")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """What has the mark `shared(what)` is skipped where that is lacking."""
    mark = item.get_closest_marker("shared")
    if mark and not DATA.is_dir():
        pytest.skip(f"needs {mark.args[0]}: there is no folder {DATA} (PANNS_TEST_DATA)")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of what others recorded and trained, for tests with the mark `shared(what)`."""
    return DATA


@pytest.fixture(scope="session")
def street() -> Path:
    """Nine seconds of a street, made by `examples/make_audio.py`: speech, a bell, a car."""
    return ROOT / "examples" / "street.flac"


@pytest.fixture(scope="session")
def clip(street: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first seven seconds of the street, as a WAV of 32 kHz."""
    samples, rate = soundfile.read(street, dtype="int16")
    path = tmp_path_factory.mktemp("clip") / "street_7s.wav"
    soundfile.write(path, samples[: 7 * rate], rate)
    return path


@pytest.fixture(scope="session")
def clips(street: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of twelve recordings of five seconds, in Ogg Vorbis of 44.1 kHz."""
    return made_scenes.clips(street, tmp_path_factory.mktemp("clips"))


@pytest.fixture(scope="session")
def soundscape(street: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two minutes with the `made_scenes.EVENTS` every ten seconds, as a FLAC of 32 kHz."""
    path = tmp_path_factory.mktemp("soundscape") / "soundscape.flac"
    soundfile.write(path, made_scenes.soundscape(street), made_scenes.RATE)
    return path


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty HOME, and no setting of the person who runs the tests."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    own = [name for name in os.environ if name.startswith("PANNS_") and name != "PANNS_TEST_DATA"]
    for name in (*own, "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that 0.1.1 leaves: the table of classes and its two files, filled by formula.

    They are taken for the published ones.
    """
    from reference import weights

    folder = tmp_path_factory.mktemp("panns_data")
    shutil.copy(ROOT / "panns_inference" / "data" / "class_labels_indices.csv", folder)
    for network, file in (
        ("Cnn14", "Cnn14_mAP=0.431.pth"),
        ("Cnn14_DecisionLevelMax", "Cnn14_DecisionLevelMax.pth"),
    ):
        vouched.vouch_for(weights.write(network, folder / file))
    return folder


@pytest.fixture(scope="session")
def leenet11(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file for the published one of LeeNet11, in a folder of its own. Its first tag is Speech."""
    return vouched.leenet11(tmp_path_factory.mktemp("leenet11"))


@pytest.fixture
def as_published(leenet11: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That file, whose checksums are the published ones for this process and this test."""
    row = vars(CHECKPOINTS["LeeNet11"])
    for kind in ("md5", "sha256"):
        checksum = hashlib.new(kind, leenet11.read_bytes()).hexdigest()
        monkeypatch.setitem(row, kind, checksum)
    return leenet11


@pytest.fixture(scope="session")
def two_tracks(street: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of two sound tracks: silence in stereo, and the street."""
    samples, rate = soundfile.read(street, dtype="float32")
    path = tmp_path_factory.mktemp("films") / "two_tracks.mkv"
    return made_films.two_tracks(path, soxr.resample(samples, rate, 16_000))


@pytest.fixture(scope="session")
def filled() -> Callable[[str], Any]:
    """A network in evaluation mode with weights by formula."""
    import torch
    from reference import weights

    from panns_inference.models import build

    def make(name: str) -> Any:
        with torch.device("meta"):
            network = build(name)
        network.load_state_dict(weights.state(name), assign=True)
        return network.eval()

    return make


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Ctrl-C reaches the programs that tests start, also if a script runs these in the background.

    There a shell has SIGINT ignored, and what is ignored stays so in every process below.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
