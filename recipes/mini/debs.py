"""A Debian package fetched and unpacked for its sounds, also those in archives inside it."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile

from panns_inference.errors import DownloadError

SOUNDS = frozenset({".aif", ".aiff", ".au", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".wav"})
ARCHIVES = frozenset({".pk3", ".wz", ".zip"})

Fetch = Callable[[str, str, Path], Path]
"""Puts the package of a name and a version into an empty folder, and returns its file."""


def download(name: str, version: str, folder: Path) -> Path:
    """Fetch a package with `apt-get download`, in another version if that one is gone.

    Args:
        name: of the package.
        version: of the package.
        folder: an empty folder for the file.

    Returns:
        The file.

    Raises:
        DownloadError: if there is no version of it, or no network.
    """
    said = _run("apt-get", "download", "--quiet", f"{name}={version}", folder=folder)
    if said:
        logging.warning("%s: version %s cannot be had, another is taken", name, version)
        said = _run("apt-get", "download", "--quiet", name, folder=folder)
    found = list(folder.glob("*.deb"))
    if said or not found:
        raise DownloadError(
            f"{name}: apt-get cannot download the package ({said}): "
            "run `apt-get update`, and see `apt-cache policy`"
        )
    return found[0]


def unpack(deb: Path, folder: Path) -> None:
    """Unpack a package; an archive in it becomes a folder of the same name with its sounds.

    Args:
        deb: the package.
        folder: where its files go.

    Raises:
        DownloadError: if it is damaged.
    """
    if said := _run("dpkg-deb", "--extract", str(deb), str(folder)):
        raise DownloadError(f"{deb}: cannot be unpacked ({said}): fetch it again")
    for archive in files_of(folder, ARCHIVES):
        _unzip(folder / archive)


def files_of(folder: Path, suffixes: frozenset[str]) -> list[PurePosixPath]:
    """Regular files below a folder, relative to it, in the order of their names.

    Args:
        folder: what is searched.
        suffixes: of their names, in lower case.
    """
    return sorted(
        PurePosixPath(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.suffix.lower() in suffixes and path.is_file() and not path.is_symlink()
    )


def _unzip(archive: Path) -> None:
    packed = archive.rename(archive.with_name(f"{archive.name}.packed"))
    try:
        with ZipFile(packed) as members:
            for name in members.namelist():
                if PurePosixPath(name).suffix.lower() in SOUNDS:
                    members.extract(name, archive)
    except BadZipFile as error:
        logging.warning("%s: not unpacked (%s)", archive, error)
    packed.unlink()


def _run(*command: str, folder: Path | None = None) -> str:
    """What a program that failed had to say; nothing if it succeeded."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return ""
    return done.stderr.strip() or f"exit status {done.returncode}"
