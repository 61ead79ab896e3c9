"""The distributions: what is in them, what they ask for, and that they are built of this tree."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

import panns_inference

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "panns_inference"

FOLDERS = (".ci", "benchmarks", "docs", "examples", "panns_inference", "recipes", "tests")
FILES = (
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "MANIFEST.in",
    "README.md",
    "noxfile.py",
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
)
NATIVE = "panns_inference/engine/cpu/native"
"""Sources in C, of which a wheel holds what they were compiled to."""

MADE_BY_SETUPTOOLS = re.compile(r"PKG-INFO|panns_inference\.egg-info/.*")

DISTRIBUTION_OF = {
    "pympi": "pympi-ling",
    "parselmouth": "praat-parselmouth",
    "pyannote": "pyannote-database",
    "sklearn": "scikit-learn",
}
"""Where the name of a module is not the name of what is installed."""

SCRIPT_OF_THE_TEST_DATA = "fill"

PEERS = {"julius", "ncnn", "onnx", "onnxruntime", "openvino"}
PEERS |= {"faiss", "hnswlib", "psds_eval", "sebbs", "sed_eval", "sed_scores_eval", "webdataset"}
"""What the benchmarks and stored figures compare with, in environments of their own."""


def files_below(folder: Path) -> set[str]:
    """Files in a folder, with its name before theirs, without what tools leave behind."""
    return {
        path.relative_to(folder.parent).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in (".pyc", ".pyo", ".so", ".pyd")
    }


def without_sources(names: set[str]) -> set[str]:
    """Files that are in a wheel as they are."""
    return {name for name in names if Path(name).parent.as_posix() != NATIVE}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an sdist of this tree and the wheel that was built from that sdist."""
    tree, built = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("dist")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, tree / name)
    for name in FILES:
        shutil.copy(ROOT / name, tree)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", built, tree]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tree.parent, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return built


@pytest.fixture(scope="module")
def wheel(built: Path) -> dict[str, bytes]:
    """The files of the wheel."""
    (path,) = built.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def metadata(wheel: dict[str, bytes]) -> Message:
    (name,) = (name for name in wheel if name.endswith(".dist-info/METADATA"))
    return message_from_bytes(wheel[name])


@pytest.fixture(scope="module")
def requirements(metadata: Message) -> dict[str, set[str]]:
    """Names of the distributions that the package and each extra ask for; "" is the package."""
    found = defaultdict(set)
    for line in metadata.get_all("Requires-Dist", []):
        name, _, extra = re.fullmatch(r"([\w.-]+)(.*?)(?:; extra == \"(\w+)\")?", line).groups("")
        found[extra].add(name)
    return found


def imports(node: ast.AST) -> Iterator[str]:
    """Modules that a piece of code imports at any place, except for type checkers alone."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.level == 0:
        yield node.module
    if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
        for child in ast.iter_child_nodes(node):
            yield from imports(child)


def third_party(paths: Sequence[Path]) -> set[str]:
    """Distributions that files of Python import, but for this one."""
    modules = {
        module.partition(".")[0]
        for path in paths
        for module in imports(ast.parse(path.read_text("utf-8")))
    }
    modules -= sys.stdlib_module_names | set(FOLDERS)
    return {DISTRIBUTION_OF.get(module, module) for module in modules}


def test_the_tests_run_with_this_tree() -> None:
    used = Path(panns_inference.__file__).resolve().parent
    install = f"{used} is not of this tree: remove build/ and install the package again"
    expected = without_sources(files_below(PACKAGE))
    assert without_sources(files_below(used)) == expected, install
    for name in expected:
        assert (used.parent / name).read_bytes() == (ROOT / name).read_bytes(), install


def test_the_wheel_holds_the_package_alone(wheel: dict[str, bytes]) -> None:
    installed = {name for name in wheel if ".dist-info/" not in name}
    held = without_sources(installed)
    assert held == without_sources(files_below(PACKAGE))
    (compiled,) = installed - held
    assert Path(compiled).stem.partition(".")[0] == "kernels"
    assert {"panns_inference/py.typed", "panns_inference/data/class_labels_indices.csv"} <= held
    for name in held:
        assert wheel[name] == (ROOT / name).read_bytes(), name


def test_the_sdist_holds_what_a_packager_needs(built: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        held = {m.name.partition("/")[2] for m in archive.getmembers() if m.isfile()}
    expected = set(FILES).union(*(files_below(ROOT / name) for name in FOLDERS))
    assert {name for name in held if not MADE_BY_SETUPTOOLS.fullmatch(name)} == expected


def test_the_metadata(metadata: Message, wheel: dict[str, bytes]) -> None:
    assert metadata["Name"] == "panns-inference"
    assert metadata["Version"] == panns_inference.__version__
    assert metadata["Requires-Python"] == ">=3.10"
    assert metadata["License"] == "MIT"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_payload().strip() == (ROOT / "README.md").read_text("utf-8").strip()
    (entry_points,) = (text for name, text in wheel.items() if name.endswith("entry_points.txt"))
    assert entry_points.decode().split("\n")[:2] == [
        "[console_scripts]",
        "panns = panns_inference.cli:program",
    ]


def test_the_licence_names_whose_work_it_is(wheel: dict[str, bytes]) -> None:
    (licence,) = (text.decode() for name, text in wheel.items() if name.endswith("/LICENSE"))
    assert "Copyright (c) 2026 the panns_inference contributors" in licence
    assert "Copyright (c) 2018-2020 Qiuqiang Kong" in licence
    assert "Copyright (c) 2022 Florian Schmid" in licence
    assert licence.count("Permission is hereby granted, free of charge") == 3
    assert "CC BY 4.0" in licence


def test_what_is_imported_is_asked_for_and_nothing_else(requirements: dict[str, set[str]]) -> None:
    imported = third_party(list(PACKAGE.rglob("*.py")))
    by_others = {"tensorboard", "tzdata"}  # by torch and zoneinfo
    assert imported | by_others == requirements[""] | requirements["all"]
    assert requirements[""] & requirements["all"] == set()


def test_the_tests_import_only_what_their_extra_brings(requirements: dict[str, set[str]]) -> None:
    folders = [ROOT / name for name in FOLDERS if name != "panns_inference"]
    scripts = [path for folder in folders for path in folder.rglob("*.py")]
    brought = requirements[""] | requirements["test"] | {SCRIPT_OF_THE_TEST_DATA} | PEERS
    each_other = {name for path in scripts for name in (path.stem, path.parent.name)}
    assert third_party(scripts) - brought - each_other == set()


def test_the_source_is_python_3_10() -> None:
    for name in FOLDERS:
        for path in (ROOT / name).rglob("*.py"):
            ast.parse(path.read_text("utf-8"), filename=str(path), feature_version=(3, 10))


def test_the_changelog_begins_with_this_version() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    version, date = re.fullmatch(r"\[(.+)\] - (unreleased|\d{4}-\d\d-\d\d)", headings[0]).groups()
    assert version == panns_inference.__version__, date
    assert len(set(headings)) == len(headings)


def test_ci_runs_the_test_command_of_the_readme() -> None:
    command = "pip install '.[test]' && pytest"
    for name in ("README.md", ".ci/run"):
        lines = (ROOT / name).read_text("utf-8").splitlines()
        assert command in [line.strip() for line in lines], name


def test_ci_refuses_an_option_that_it_does_not_have() -> None:
    done = subprocess.run(
        ["bash", ROOT / ".ci" / "run", "--fast"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "usage: .ci/run [--slow] [--matrix]\n"
