"""Pretraining by a recipe: what it writes, that it goes on where it was, and what it refuses."""

from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score

from panns_inference import AudioTagging
from panns_inference.checkpoints import load
from panns_inference.cli import main
from panns_inference.errors import OutputError, UsageError
from panns_inference.models import build
from panns_inference.training import Judging, read_scalars, train
from panns_inference.training.data import Packed, dataset, pack, read_dataset, read_manifest
from panns_inference.training.distributed import ALONE
from panns_inference.training.pretraining.run import prepared
from panns_inference.training.pretraining.tables import read_training
from panns_inference.training.recipe import differences
from recipes.madeup.collection import LABELS, Collection, write
from recipes.madeup.comparison import HERE, PLAIN, figures
from recipes.madeup.sounds import SAMPLE_RATE

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "training.md"

RECIPE = """
[data]
clips = "packed"

[network]
name = "mn01_as"
sample_rate = 8000
window_size = 256
hop_size = 200
mel_bins = 16
fmax = 4000

[augment]
time_width = 8
mel_width = 4
crop = 0.4
shift = 0.1
gain = 3

[sampler]
kind = "alternate"
batch_size = 4

[learn]
seed = 1
steps = 6
evaluation_interval = 2
checkpoint_interval = 2

[machine]
device = "cpu"
workers = 0
threads = 1
"""


@pytest.fixture(autouse=True)
def same_threads() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    torch.set_flush_denormal(False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe, and what it learns from: recordings, their manifest, and both packed."""
    folder = tmp_path_factory.mktemp("madeup")
    write(Collection(seconds=0.5, most=6, fewest=1, judged=2), folder)
    clips = read_manifest(folder / "clips.csv", labels=LABELS)
    pack(clips, folder / "packed", sample_rate=SAMPLE_RATE, seconds=0.5, workers=1)
    (folder / "recipe.toml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="module")
def bells(folder: Path) -> Path:
    """Packed clips of one class, without a split."""
    clips = read_manifest(folder / "clips.csv").where(lambda clip: clip.labels == ("Bell",)).clips
    bells = dataset([replace(clip, split="") for clip in clips])
    pack(bells, folder / "bells", sample_rate=SAMPLE_RATE, seconds=0.5, workers=1)
    return folder / "bells"


@pytest.fixture(scope="module")
def undisturbed(folder: Path) -> Path:
    """The folder of a run that nothing interrupted."""
    train(folder / "recipe.toml", folder / "undisturbed")
    return folder / "undisturbed"


def assert_same_run(one: Path, other: Path) -> None:
    for name in ("scalars.csv", "classes.csv", "recipe.toml"):
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    for name in ("checkpoint.pth", "best.pth"):
        first, second = (torch.load(each / name, weights_only=True) for each in (one, other))
        assert_same(first, second)


def assert_same(one: object, other: object) -> None:
    if isinstance(one, dict):
        assert isinstance(other, dict)
        assert one.keys() == other.keys()
        for key, value in one.items():
            assert_same(value, other[key])
    elif isinstance(one, torch.Tensor):
        assert isinstance(other, torch.Tensor)
        assert torch.equal(one, other)
    else:
        assert one == other


def test_a_run_writes_what_it_measures(undisturbed: Path) -> None:
    rows = read_scalars(undisturbed / "scalars.csv")
    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5, 6]
    judged = [row for row in rows if "mAP" in row]
    assert [row["step"] for row in judged] == [2, 4, 6]
    assert all(row.keys() > {*Judging.columns} for row in judged)
    with (undisturbed / "classes.csv").open(encoding="utf-8", newline="") as file:
        precisions = {row["label"]: float(row["AP"]) for row in csv.DictReader(file)}
    assert [*precisions] == [*LABELS]
    assert np.mean([*precisions.values()]) == pytest.approx(judged[-1]["mAP"], rel=1e-4)


def test_the_best_network_tags_with_its_own_labels(folder: Path, undisturbed: Path) -> None:
    model = AudioTagging(undisturbed / "best.pth")
    assert model.labels == [*LABELS]
    rows = [row for row in read_scalars(undisturbed / "scalars.csv") if "mAP" in row]
    packed = Packed(folder / "packed")
    test = [k for k, clip in enumerate(packed.dataset.clips) if clip.split == "test"]
    waveforms = packed.waveforms(test)
    network = read_training(folder / "recipe.toml")["network"].build(12)
    with torch.no_grad():
        plain = load(network, undisturbed / "best.pth").eval()(torch.from_numpy(waveforms))
    probabilities = plain["clipwise_output"].numpy()
    assert model.inference(waveforms)[0] == pytest.approx(probabilities, abs=1e-5)
    found = average_precision_score(packed.dataset.targets[test], probabilities, average="macro")
    assert found == pytest.approx(max(row["mAP"] for row in rows), abs=0.01)


def test_a_checkpoint_is_read_in_the_way_of_the_reference(undisturbed: Path) -> None:
    state = torch.load(undisturbed / "checkpoint.pth", weights_only=True)
    assert state["iteration"] == 6
    assert state["sampler"]["kind"] == "alternate"
    network = build("mn01_as", 12)
    network.load_state_dict(state["model"])


def test_a_run_that_was_interrupted_equals_one_that_was_not(
    folder: Path, undisturbed: Path, tmp_path: Path
) -> None:
    tables = read_training(folder / "recipe.toml")
    for last in (3, 5, 6):  # of which 3 and 5 are lost, up to the checkpoint before
        run, batches = prepared(tables, tmp_path, ALONE)
        torch.manual_seed(last)
        run.learn(map(batches, range(run.step, last)))
    assert_same_run(tmp_path, undisturbed)


def test_a_run_is_lengthened(folder: Path, undisturbed: Path, tmp_path: Path) -> None:
    """To what it had been from the beginning, unless its learning rate falls towards the end."""
    recipe, decay = folder / "recipe.toml", "learn.decay=2"
    for name, changes in {"longer": (), "falling": (decay,)}.items():
        train(recipe, tmp_path / name, changes=["learn.steps=4", *changes])
    train(recipe, tmp_path / "longer")
    assert_same_run(tmp_path / "longer", undisturbed)
    with pytest.raises(UsageError, match=r"another recipe: learn\.steps was 4, is 6"):
        train(recipe, tmp_path / "falling", changes=[decay])


def test_learning_lowers_the_loss(folder: Path, tmp_path: Path) -> None:
    changes = ["learn.steps=16", "learn.learning_rate=3e-3", "augment.mixup=none"]
    changes += ["learn.evaluation_interval=16", "sampler.batch_size=8"]
    train(folder / "recipe.toml", tmp_path, changes=changes)
    losses = [row["loss"] for row in read_scalars(tmp_path / "scalars.csv")]
    assert np.mean(losses[-4:]) < 0.7 * losses[0]


@pytest.mark.slow
def test_a_made_up_audioset_is_learnt_and_balance_helps_rare_classes(tmp_path: Path) -> None:
    write(Collection(), tmp_path)
    clips = read_manifest(tmp_path / "clips.csv", labels=LABELS)
    pack(clips, tmp_path / "packed", sample_rate=SAMPLE_RATE, seconds=Collection.seconds)
    data = f"data.clips={tmp_path / 'packed'}"
    runs = {
        "uniform": ["sampler.kind=uniform", *PLAIN],
        "balanced": ["sampler.kind=balanced", *PLAIN],
        "augmented": ["sampler.kind=balanced"],
    }
    found = {}
    for name, changes in runs.items():
        train(HERE / "recipe.toml", tmp_path / name, changes=[data, *changes])
        found[name] = {key: float(value) for key, value in figures(tmp_path / name).items()}
    assert found["balanced"]["rare"] > found["uniform"]["rare"]
    assert found["augmented"]["mAP"] >= 0.9


@pytest.mark.slow
def test_a_killed_process_goes_on_bit_for_bit(
    folder: Path, undisturbed: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "panns_inference", "train", str(folder / "recipe.toml")]
    command += ["-o", str(tmp_path / "run"), "-q", "--set", "machine.workers=1"]
    first = subprocess.Popen(command, cwd=ROOT)
    deadline = time.monotonic() + 120
    while not (tmp_path / "run" / "checkpoint.pth").exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    first.send_signal(signal.SIGKILL)
    first.wait()
    subprocess.run(command, cwd=ROOT, check=True)
    (tmp_path / "run" / "recipe.toml").write_text((undisturbed / "recipe.toml").read_text())
    assert_same_run(tmp_path / "run", undisturbed)


@pytest.mark.slow
def test_ctrl_c_writes_a_checkpoint_and_ends_the_program(folder: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "panns_inference", "train", str(folder / "recipe.toml")]
    command += ["-o", str(tmp_path / "run"), "--set", "machine.workers=1"]
    command += ["--set", "learn.steps=100000", "--set", "learn.checkpoint_interval=100000"]
    process = subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    rows = tmp_path / "run" / "scalars.csv"
    deadline = time.monotonic() + 120
    while not read_scalars(rows) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of its processes
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in said
    assert "Traceback" not in said
    saved = torch.load(tmp_path / "run" / "checkpoint.pth", weights_only=True)
    assert saved["iteration"] == read_scalars(rows)[-1]["step"] > 0


@pytest.mark.slow
def test_two_processes_of_torchrun_learn_as_one(folder: Path, tmp_path: Path) -> None:
    plain = ["augment.stripes=0", "learn.steps=2", "sampler.kind=uniform", "network.name=LeeNet11"]
    changes = [word for change in plain for word in ("--set", change)]
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "-m"]
    command += ["panns_inference", "train", str(folder / "recipe.toml"), "-q", *changes]
    subprocess.run([*command, "-o", str(tmp_path / "two")], cwd=ROOT, check=True)
    train(folder / "recipe.toml", tmp_path / "one", changes=[*plain, "learn.accumulate=2"])
    one, two = (read_scalars(tmp_path / name / "scalars.csv") for name in ("one", "two"))
    assert [row["step"] for row in two] == [1, 2]
    # Dropout differs; the clips, their pairs and the weights of these do not.
    assert one[0]["loss"] == pytest.approx(two[0]["loss"], rel=0.1)


def test_the_command_prints_the_path_of_the_best_network(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", str(folder / "recipe.toml"), "-o", str(tmp_path / "run"), "-q"]
    assert main([*words, "--set", "learn.steps=1", "--set", "sampler.kind=balanced"]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'run' / 'best.pth'}\n"
    assert main([*words, "--set", "learn.steps"]) == 2
    assert "'learn.steps': expected TABLE.KEY=VALUE" in capsys.readouterr().err


def test_clips_that_are_not_packed_are_packed_into_the_folder_of_the_run(
    folder: Path, tmp_path: Path
) -> None:
    changes = [f"data.clips={folder / 'clips.csv'}", "data.seconds=0.5", "learn.steps=1"]
    train(folder / "recipe.toml", tmp_path, changes=[*changes, "augment.mixup=waveform"])
    packed = Packed(tmp_path / "clips")
    assert packed.sample_rate == SAMPLE_RATE
    assert len(packed) == len(read_dataset(folder / "clips.csv").clips)


def test_one_class_a_clip_can_be_learnt_with_a_softmax(folder: Path, tmp_path: Path) -> None:
    every = read_manifest(folder / "clips.csv", labels=LABELS)
    single = every.where(lambda clip: len(clip.labels) == 1)
    pack(single, tmp_path / "single", sample_rate=SAMPLE_RATE, seconds=0.5, workers=1)
    changes = ["network.activation=softmax", "learn.steps=1", "augment.mixup=none"]
    with pytest.raises(UsageError, match="needs exactly one class in each clip"):
        train(folder / "recipe.toml", tmp_path / "wrong", changes=changes)
    best = train(
        folder / "recipe.toml",
        tmp_path / "run",
        changes=[*changes, f"data.clips={tmp_path / 'single'}"],
    )
    probabilities, _ = AudioTagging(best).inference(np.zeros((1, 4000), np.float32))
    assert probabilities.sum() == pytest.approx(1, abs=1e-5)


def test_a_run_begins_with_weights_that_are_given(
    folder: Path, undisturbed: Path, tmp_path: Path
) -> None:
    weights = f"network.weights={undisturbed / 'checkpoint.pth'}"
    tables = read_training(folder / "recipe.toml", [weights])
    run, _ = prepared(tables, tmp_path, ALONE)
    state = torch.load(undisturbed / "checkpoint.pth", weights_only=True)
    assert run.step == 0
    assert_same(dict(run.network.state_dict()), state["model"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("learn.steps=4", r"is of another recipe: learn\.steps was 6, is 4; go on with"),
        ("sampler.kind=uniform", r"sampler\.kind was 'alternate', is 'uniform'"),
    ],
)
def test_a_folder_of_another_recipe_is_refused(
    folder: Path, undisturbed: Path, change: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        train(folder / "recipe.toml", undisturbed, changes=[change])


def test_a_recipe_can_be_mended_until_something_was_learnt(folder: Path, tmp_path: Path) -> None:
    changes = [f"data.clips={folder / 'clips.csv'}", "learn.steps=1"]
    for wrong in ("network.name=Cnn7", "data.split=nowhere"):
        with pytest.raises(UsageError):
            train(folder / "recipe.toml", tmp_path / "run", changes=[*changes, wrong])
    train(folder / "recipe.toml", tmp_path / "run", changes=[*changes, "data.seconds=0.5"])
    assert Packed(tmp_path / "run" / "clips").n_samples == SAMPLE_RATE // 2


def test_a_folder_of_other_files_is_left_as_it_is(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    with pytest.raises(UsageError, match="holds other files: give a new folder for the run"):
        train(folder / "recipe.toml", tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["a.wav"]
    with pytest.raises(OutputError, match=r"a\.wav cannot be written: File exists"):
        train(folder / "recipe.toml", tmp_path / "a.wav")


def test_a_run_that_is_at_its_end_stays_as_it_is_on_another_machine(
    folder: Path, undisturbed: Path
) -> None:
    before = (undisturbed / "scalars.csv").read_text()
    train(folder / "recipe.toml", undisturbed, changes=["machine.threads=2"])
    assert (undisturbed / "scalars.csv").read_text() == before


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["data.split=nowhere"], r"no clip is of the split 'nowhere'; there are \['test', 'train'"),
        (["data.evaluation={0}"], "has other classes than"),
        (["data.clips={0}"], "have no split: give others to judge by as data.evaluation"),
        (["network.sample_rate=16000"], "have 8000 Hz, the network takes 16000"),
        (["sampler.batch_size=3", "learn.accumulate=2"], "has no equal shares"),
        (["network.activation=tanh"], "activation .*'tanh'"),
        (["augment.mixup=both"], "mixup .*'both'"),
        (["sampler.kind=fair"], r"keys of \[sampler\]: kind of sampler .*'fair'"),
        (["learn.steps=many"], r"keys of \[learn\]: steps must be int, not 'many'"),
        (["sampler.size=3"], r"keys of \[sampler\]: unknown \['size'\]"),
        (["network.name=Cnn7"], "unknown network 'Cnn7'"),
        (["machine.workers=-1"], r"keys of \[machine\]: workers must be 0 or more, not -1"),
        (["sampler.batch_size=0"], r"keys of \[sampler\]: batch_size must be 1 or more, not 0"),
        (["augment.time_width=0"], "time_width must be 1 or more, not 0"),
        (["learn.steps=0"], "steps must be 1 or more, not 0"),
    ],
)
def test_what_cannot_be_learnt_is_refused(
    folder: Path, bells: Path, tmp_path: Path, changes: list[str], message: str
) -> None:
    given = [change.format(bells) for change in changes]
    with pytest.raises(UsageError, match=message):
        train(folder / "recipe.toml", tmp_path, changes=given)


def test_the_recipe_of_the_documentation_is_that_of_the_paper(tmp_path: Path) -> None:
    (block,) = re.findall(r"^```toml\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    (tmp_path / "recipe.toml").write_text(block)
    shown = read_training(tmp_path / "recipe.toml")
    paper = read_training(ROOT / "recipes" / "audioset" / "cnn14.toml")
    assert [each.partition(" ")[0] for each in differences(shown, paper)] == [
        "data.clips",
        "data.evaluation",
        "learn.seed",
        "machine.workers",
    ]
    assert paper["learn"].learning_rate == 1e-3
    assert paper["learn"].optimizer == "adam"
    with torch.device("meta"):
        network = paper["network"].build(527)
    assert sum(each.numel() for each in network.parameters() if each.requires_grad) == 80_753_615
