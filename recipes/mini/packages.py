"""Sounds of Debian packages, fetched when they are needed and laid out to be learnt from.

    python -m recipes.mini.packages --shared ../shared --folder FOLDER [--only PACKAGE ...]

    FOLDER/audio/PACKAGE/*.flac        mono, 32 kHz, at most 10 s; '/' of the path is '__'
    FOLDER/credits/PACKAGE.copyright   who made them, and under which licences they are
    FOLDER/sources.csv                 file, repository, original_path, licence, credit
    FOLDER/windows.csv                 file, start, seconds, repository: a row for each window
    FOLDER/soft.npz                    logits and in_silence of the teacher, a row for each window
    FOLDER/packages/PACKAGE.csv, .npz  what the three files are made of; with both, it is finished

Killed at any moment, the same command goes on where it was. `packages.csv` lists the packages; its
column `same_as` names a repository of the same sounds elsewhere, which is then the `repository` of
a package, so that a split by repository has both on one side.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from torch import Tensor

from .debs import Fetch, download
from .package_sounds import collect
from .package_table import Package, chosen, read_packages
from .sound_tables import assemble, label, write_sounds
from .teacher import Labels, read_teacher


def lay_out(
    packages: Iterable[Package],
    folder: Path,
    teacher: Callable[[Tensor], Labels],
    fetch: Fetch = download,
) -> None:
    """Fetch packages, keep their sounds, label them, and write the tables of all that are finished.

    Args:
        packages: the packages.
        folder: of the results.
        teacher: takes waveforms, (batch, samples) at 32 kHz.
        fetch: puts a package into a folder.

    Raises:
        DownloadError: if a package cannot be fetched or unpacked.
    """
    for package in packages:
        table = folder / "packages" / f"{package.name}.csv"
        if not table.exists():
            write_sounds(table, collect(package, folder, fetch))
        if not table.with_suffix(".npz").exists():
            label(table, folder / "audio", teacher)
    assemble(folder)


def main() -> None:
    """Read the command line, and lay the packages out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, required=True, help="folder that holds distill/")
    parser.add_argument("--folder", type=Path, required=True, help="folder of the sounds")
    parser.add_argument("--only", nargs="+", metavar="PACKAGE", help="these packages alone")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    packages = chosen(read_packages(), given.only)
    weights = given.shared / "distill" / "teacher" / "mn04_as_mAP_432.pt"
    lay_out(packages, given.folder, read_teacher(weights).fused())


if __name__ == "__main__":
    main()
