"""Which packages are learnt from, and how one is fetched.

A program of this test stands in the place of `apt-get`: nothing comes from a network.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from panns_inference.errors import DownloadError, UsageError
from recipes.mini.debs import download
from recipes.mini.package_table import TABLE, Package, chosen, read_packages

GAME = Package("game-data", "1.0-1", "CC0")
TOYS = Package("toys-data", "2.0-1", "MIT", same_as="somebody/toys")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, where `apt-get` has one version of one package."""
    program = tmp_path / "bin" / "apt-get"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\n"
        'case "$*" in\n'
        '"download --quiet game-data=1.0-1" | "download --quiet game-data")\n'
        "    echo package > game-data_1.0-1_all.deb;;\n"
        '*) echo "E: no $3" >&2; exit 100;;\n'
        "esac\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    empty = tmp_path / "fetched"
    empty.mkdir()
    return empty


@pytest.mark.parametrize(("version", "warned"), [("1.0-1", False), ("0.9-1", True)])
def test_another_version_is_taken_if_one_is_gone(
    folder: Path, caplog: pytest.LogCaptureFixture, version: str, warned: bool
) -> None:
    deb = download("game-data", version, folder)
    assert deb == folder / "game-data_1.0-1_all.deb"
    assert deb.read_text() == "package\n"
    assert (f"version {version} cannot be had" in caplog.text) == warned


def test_a_package_that_there_is_not_is_named(folder: Path) -> None:
    with pytest.raises(DownloadError, match=r"lost-data: .*E: no lost-data.*apt-get update"):
        download("lost-data", "1", folder)


def test_only_packages_of_the_table_are_fetched() -> None:
    packages = {package.name: package for package in (GAME, TOYS)}
    assert chosen(packages, None) == [GAME, TOYS]
    assert chosen(packages, ["toys-data", "game-data"]) == [GAME, TOYS]
    assert chosen(packages, ["toys-data"]) == [TOYS]
    with pytest.raises(UsageError, match="tuxpaint: not in the table of packages, which has game"):
        chosen(packages, ["game-data", "tuxpaint"])


@pytest.mark.parametrize("name", ["tuxpaint-stamps-default", "scratch", "gcompris-qt-data"])
def test_packages_that_the_network_is_tested_with_are_refused(tmp_path: Path, name: str) -> None:
    text = TABLE.read_text(encoding="utf-8")
    path = tmp_path / "packages.csv"
    path.write_text(f"{text}{name},1.0,GPL,,,all\n", encoding="utf-8")
    with pytest.raises(UsageError, match=f"packages\\.csv: {name}: kept for tests"):
        read_packages(path)


def test_the_table_is_complete() -> None:
    packages = read_packages()
    assert len(packages) == 16
    for package in packages.values():
        assert package.version
        assert package.licence
    assert {name: p.most for name, p in packages.items() if p.most} == {"klettres-data": 400}


@pytest.mark.shared("the sounds of other sources")
def test_aliases_are_repositories_of_other_sounds(shared: Path) -> None:
    known = set()
    for name in ("wild", "everyday"):
        with (shared / name / "windows.csv").open(encoding="utf-8", newline="") as file:
            known |= {row["repository"] for row in csv.DictReader(file)}
    aliases = {package.same_as for package in read_packages().values()} - {""}
    assert aliases
    assert aliases <= known
