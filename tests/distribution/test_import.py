"""What `import panns_inference` and the quick commands do not do, seen from real processes."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import panns_inference

FOLDER = Path(panns_inference.__file__).resolve().parent

HEAVY = {
    "av",
    "librosa",
    "matplotlib",
    "numba",
    "onnx",
    "onnxruntime",
    "requests",
    "resampy",
    "sklearn",
    "soundfile",
    "soxr",
    "torch",
    "torchlibrosa",
    "tqdm",
}

NEEDLESS = HEAVY - {"soundfile", "soxr", "torch", "tqdm"} | {
    "onnxruntime",
    "pandas",
    "scipy",
    "sympy",
    "torch._dynamo",
    "torch._inductor",
    "torch.fx.experimental.symbolic_shapes",
}
"""What no network needs to be heard: the compiler of torch takes as long as torch. Torch itself
imports tqdm."""

STREET = Path(__file__).resolve().parents[2] / "examples" / "street.flac"

QUICK = {
    "--help": "examples:",
    "--version": f"panns {panns_inference.__version__}",
    "labels --search dog": "/m/0bt9lr",
    "labels --json": '"mid": "/m/09x0r"',
    "tag --help": "--top",
    "detect --help": "--threshold",
    "embed --help": "--checkpoint",
    "models --help": "download",
    "export --help": "--calibrate",
    "models": "42.2 G",
    "models list Cnn14 --json": '"multi_adds": 42219593359',
    "doctor --help": "--json",
    "plot --help": "--calendar",
    "clips --help": "--margin",
}
"""Commands that need no network, and something that they print."""

WATCH = """
import json, sys, sysconfig

events = []
# What opens, changes or starts something. Importing reads the folders of sys.path, too.
TELLING = {"open", "os", "pathlib", "shutil", "socket", "subprocess", "tempfile", "urllib"}

def watch(event, arguments):
    if event.partition(".")[0] in TELLING and event not in ("os.listdir", "os.scandir"):
        events.append([event, *map(str, arguments)])

before = set(sys.modules)
sys.addaudithook(watch)
exec(sys.argv[1])
seen = events[:]
report = {
    "events": seen,
    "modules": sorted({name.partition(".")[0] for name in set(sys.modules) - before}),
    "folders": [sys.prefix, sys.base_prefix, *sysconfig.get_paths().values()],
}
with open(sys.argv[2], "w") as file:
    json.dump(report, file)
"""


def child(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A Python process somewhere else, with the package that these tests are run with."""
    inherited = {k: v for k, v in os.environ.items() if k != "HOME"}
    variables = {"PYTHONPATH": str(FOLDER.parent), "PYTHONDONTWRITEBYTECODE": "1", **environment}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=inherited | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def watched(code: str, folder: Path, **environment: str) -> dict[str, Any]:
    """What a silent piece of code opens, does and imports."""
    path = folder / "report.json"
    done = child("-c", WATCH, code, str(path), folder=folder, **environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return json.loads(path.read_text())


def imported_by(*arguments: str, folder: Path) -> tuple[set[str], str]:
    """Top-level modules that a program imports, by the interpreter's own account; its output."""
    done = child("-X", "importtime", *arguments, folder=folder, HOME=str(folder))
    assert done.returncode == 0, done.stderr
    modules = re.findall(r"^import time:.*\| +(\w+)", done.stderr, re.MULTILINE)
    assert "panns_inference" in modules
    return set(modules), done.stdout


@pytest.mark.parametrize("home", ["none", "missing", "a file"])
def test_import_opens_only_modules_and_does_nothing_else(home: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder can be made under this, not even by root")
    paths = {"missing": tmp_path / "missing", "a file": tmp_path / "file"}
    environment = {"HOME": str(paths[home])} if home in paths else {}
    report = watched("import panns_inference", tmp_path, **environment)
    allowed = [Path(folder).resolve() for folder in (*report["folders"], FOLDER)]
    opened = [arguments for event, *arguments in report["events"] if event == "open"]
    assert any(Path(path).parent.is_relative_to(FOLDER) for path, *_ in opened)
    for path, mode, flags in opened:
        assert any(Path(path).resolve().is_relative_to(each) for each in allowed), path
        assert mode in ("r", "rb", "None"), (path, mode)
        assert int(flags) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) == 0, (path, flags)
    assert [event for event in report["events"] if event[0] != "open"] == []
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "report.json"]


def test_the_watch_sees_what_it_looks_for(tmp_path: Path) -> None:
    code = (
        "import os, socket, subprocess; open('made', 'w').close(); os.mkdir('folder');"
        "socket.socket().close(); subprocess.run(['true'], check=True); os.environ['A'] = 'b'"
    )
    seen = {event for event, *_ in watched(code, tmp_path)["events"]}
    assert {"open", "os.mkdir", "os.putenv", "socket.__new__", "subprocess.Popen"} <= seen


@pytest.mark.parametrize(
    "code",
    [
        "import panns_inference",
        "import panns_inference; assert panns_inference.labels[0] == 'Speech'",
        "from panns_inference import labels, config; assert config.labels is labels",
        "from panns_inference import AudioError, PannsError",
        "import panns_inference; dir(panns_inference)",
    ],
)
def test_nothing_heavy_is_imported(code: str, tmp_path: Path) -> None:
    modules = set(watched(code, tmp_path, HOME=str(tmp_path))["modules"])
    assert modules & HEAVY == set()
    assert "numpy" not in modules


def test_import_needs_the_standard_library_alone(tmp_path: Path) -> None:
    modules = set(watched("import panns_inference", tmp_path)["modules"])
    assert modules - sys.stdlib_module_names == {"panns_inference"}


@pytest.mark.parametrize("name", ["AudioTagging", "SoundEventDetection", "inference"])
def test_torch_waits_until_a_network_is_touched(name: str, tmp_path: Path) -> None:
    modules = set(watched(f"import panns_inference as p; p.{name}", tmp_path)["modules"])
    assert "numpy" in modules
    assert modules & HEAVY == set()


@pytest.mark.sample(1)
@pytest.mark.parametrize("name", ["models", "inference.Cnn14", "AudioTagging('PannsMini')"])
def test_torch_is_loaded_when_a_network_is_touched(name: str, tmp_path: Path) -> None:
    code = f"import sys, panns_inference as p; assert 'torch' not in sys.modules; p.{name}"
    modules = set(watched(code, tmp_path, HOME=str(tmp_path))["modules"])
    assert "torch" in modules
    assert modules & {"librosa", "matplotlib", "numba", "torchlibrosa"} == set()


@pytest.mark.parametrize(("command", "expected"), QUICK.items())
def test_quick_commands_do_not_import_torch(command: str, expected: str, tmp_path: Path) -> None:
    modules, output = imported_by("-m", "panns_inference", *command.split(), folder=tmp_path)
    assert modules & HEAVY == set()
    assert expected in output


def test_the_version_is_the_installed_one() -> None:
    assert panns_inference.__version__ == importlib.metadata.version("panns-inference")


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'panns_inference' has no attribute 'Tagger'"):
        panns_inference.Tagger  # noqa: B018


LEFT = """
import gc, json, sys
print(json.dumps([sorted(sys.modules), gc.isenabled()]))
"""


def left_by(code: str, folder: Path) -> tuple[set[str], bool]:
    """Modules that are there behind a piece of code, and whether garbage is looked for."""
    done = child("-c", code + LEFT, str(STREET), folder=folder, HOME=str(folder))
    assert done.returncode == 0, done.stderr
    modules, is_collected = json.loads(done.stdout.splitlines()[-1])
    return set(modules), is_collected


@pytest.mark.sample(1)
@pytest.mark.parametrize("verb", ["tag", "detect", "embed"])
def test_a_recording_is_heard_without_what_is_not_needed(verb: str, tmp_path: Path) -> None:
    code = f"import sys, panns_inference as p; p.AudioTagging('PannsMini').{verb}(sys.argv[1])"
    modules, _ = left_by(code, tmp_path)
    assert {"torch", "soundfile"} <= modules
    assert modules & NEEDLESS == set()


def test_a_long_recording_is_cut_without_what_is_not_needed(tmp_path: Path) -> None:
    code = """
import numpy, panns_inference
panns_inference.AudioTagging("PannsMini").tag(numpy.zeros(40 * 32000, numpy.float32), 32000)
"""
    modules, _ = left_by(code, tmp_path)
    assert "panns_inference.engine.receptive_field" in modules
    assert modules & NEEDLESS == set()


def test_the_program_hears_without_what_is_not_needed(tmp_path: Path) -> None:
    code = "import sys; from panns_inference.cli import main; main(['tag', *sys.argv[1:]])"
    modules, is_collected = left_by(code, tmp_path)
    assert "torch" in modules
    assert modules & NEEDLESS == set()
    assert is_collected


def test_no_network_needs_the_compiler_to_be_built(tmp_path: Path) -> None:
    code = """
import torch
from panns_inference.models import build
from panns_inference.registry import NETWORKS
with torch.device("meta"):
    built = [build(name) for name in NETWORKS]
assert all(tensor.is_meta for network in built for tensor in network.state_dict().values())
"""
    modules, _ = left_by(code, tmp_path)
    assert modules & NEEDLESS == set()


def test_a_foreign_file_is_identified_without_the_compiler(leenet11: Path, tmp_path: Path) -> None:
    shutil.copy(leenet11, tmp_path / "own.pth")
    with (tmp_path / "own.pth").open("ab") as file:
        file.write(b"of another size, so that its checksum says nothing")
    code = """
from panns_inference.checkpoints import identify
assert identify("own.pth") == "LeeNet11"
"""
    modules, _ = left_by(code, tmp_path)
    assert "torch" in modules
    assert modules & NEEDLESS == set()
