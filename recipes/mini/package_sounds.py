"""The sounds of one package as files to learn from: unpacked, decoded, cut, and each only once."""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
import soundfile
from numpy.typing import NDArray

from panns_inference.errors import AudioError
from panns_inference.files import atomic_write
from panns_inference.training.distillation.recordings import decode
from panns_inference.training.int16 import FULL_SCALE, to_int16

from .debs import SOUNDS, Fetch, files_of, unpack
from .excerpts import excerpts, is_track, spread
from .package_table import Package
from .sound_tables import Sound, read_sounds
from .sounds import SAMPLE_RATE

MOST_TRACKS = 10
"""Pieces of music of a package: other sources have plenty."""

SHORTEST = SAMPLE_RATE // 10
SILENCE = 0.001
"""Peak below which a sound is silent: -60 dBFS."""


class Excerpt(NamedTuple):
    """A sound that is kept, or a part of one."""

    path: PurePosixPath
    """Of its file in the package."""

    name: str
    samples: NDArray[np.int16]
    """(samples,) at 32 kHz."""


def collect(package: Package, folder: Path, fetch: Fetch) -> list[Sound]:
    """Fetch a package and keep its sounds, whose files appear all at once, and its credits.

    Args:
        package: the package.
        folder: of the results.
        fetch: puts a package into a folder.

    Raises:
        DownloadError: if it cannot be fetched or unpacked.
    """
    work = folder / ".unpacked"
    shutil.rmtree(work, ignore_errors=True)
    fetched, files, audio = (work / name for name in ("fetched", "files", "audio"))
    for each in (fetched, files, audio):
        each.mkdir(parents=True)
    unpack(fetch(package.name, package.version, fetched), files)
    credit = _keep_credits(package.name, files, folder)
    tables = (folder / "packages").glob("*.csv")
    known = {sound.sha256 for table in tables for sound in read_sounds(table)}
    dropped: Counter[str] = Counter()
    sounds = []
    for path, name, samples in _kept(files, package.most, known, dropped):
        soundfile.write(audio / name, samples, SAMPLE_RATE, subtype="PCM_16")
        sounds.append(
            Sound(
                f"{package.name}/{name}",
                package.repository,
                str(path),
                package.licence,
                credit,
                len(samples) / SAMPLE_RATE,
                _digest(samples),
            )
        )
    _settle(audio, folder / "audio" / package.name)
    shutil.rmtree(work)
    seconds = sum(sound.seconds for sound in sounds)
    logging.info(
        "%s: %d sounds, %.0f s; dropped %s", package.name, len(sounds), seconds, dict(dropped)
    )
    return sounds


def _keep_credits(name: str, files: Path, folder: Path) -> str:
    credit = f"credits/{name}.copyright"
    (folder / "credits").mkdir(exist_ok=True)
    with atomic_write(folder / credit, binary=True) as file:
        file.write((files / "usr/share/doc" / name / "copyright").read_bytes())
    return credit


def _settle(audio: Path, target: Path) -> None:
    # A run that was killed before it wrote the table of the package has left its files.
    shutil.rmtree(target, ignore_errors=True)
    target.parent.mkdir(exist_ok=True)
    audio.rename(target)


def _kept(
    files: Path, most: int | None, known: set[str], dropped: Counter[str]
) -> Iterator[Excerpt]:
    """What is kept of the files; `known` digests and numbers of `dropped` excerpts grow."""
    found = files_of(files, SOUNDS)
    paths = found if most is None else spread(found, most)
    dropped["beyond the most"] += len(found) - len(paths)
    n_tracks = 0
    for path in paths:
        try:
            track = is_track(path, soundfile.info(files / path).duration)
            n_tracks += track
            if track and n_tracks > MOST_TRACKS:  # not even decoded: that takes long
                dropped["beyond the most tracks"] += 1
                continue
            waveform = decode(files / path, SAMPLE_RATE)
        except (AudioError, soundfile.LibsndfileError):
            dropped["not decodable"] += 1
            continue
        pieces = excerpts(waveform, track)
        for number, piece in enumerate(pieces, start=1):
            samples = to_int16(piece)
            if reason := _reason_to_drop(samples, known):
                dropped[reason] += 1
                continue
            known.add(_digest(samples))
            suffix = f".{number}.flac" if len(pieces) > 1 else ".flac"
            yield Excerpt(path, str(path).replace("/", "__") + suffix, samples)


def _reason_to_drop(samples: NDArray[np.int16], known: set[str]) -> str:
    if len(samples) < SHORTEST:
        return "too short"
    if np.abs(samples / FULL_SCALE).max() < SILENCE:
        return "silent"
    return "duplicate" if _digest(samples) in known else ""


def _digest(samples: NDArray[np.int16]) -> str:
    return hashlib.sha256(samples.tobytes()).hexdigest()
