"""Which files are recordings, and the order in which they come.

A file that is named is always taken. In a folder, a file is a recording by the extension of
its name, or, where that is not known, by its first bytes.
"""

from __future__ import annotations

import glob
import itertools
import logging
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..audio import name_of
from ..audio.files import File
from ..errors import AudioError
from ..terminal import printable
from .recording import Recording

LOG = logging.getLogger("panns_inference")

_OF_LIBSNDFILE = (
    "wav wave bwf amb rf64 w64 flac ogg oga opus spx mp1 mp2 mp3 aif aiff aifc au snd caf avr iff "
    "svx 8svx nist sph sf voc paf fap pvf xi htk sds wve mat4 mat5"
)
"""Without `mat`: most files of that name hold no sound."""

_OF_FFMPEG = (
    "aac m4a m4b mp4 m4v mov 3gp 3g2 wma wmv asf webm weba mka mkv avi flv ac3 eac3 dts dtshd amr "
    "awb ape dsf loas latm mlp thd mpc mpg mpeg vob mts m2ts nut oma aa3 rm ra rmvb tak tta wtv wv "
    "xwma"
)
"""Without `ts`: it may be a program."""

EXTENSIONS = frozenset(f"{_OF_LIBSNDFILE} {_OF_FFMPEG}".split())
"""Extensions of recordings, in small letters and without the dot."""

_BEGINNINGS = re.compile(
    rb"(RIFF|RF64|RIFX)....WAVE|FORM....AIF|fLaC|OggS|ID3|caff|\.snd|....ftyp|\x1aE\xdf\xa3"
    rb"|G.{187}G",
    re.DOTALL,
)
"""First bytes of WAV, AIFF, FLAC, Ogg, MP3, CAF, AU, MP4, Matroska and MPEG-TS."""


def find(inputs: Iterable[File], *, silent: bool = False) -> list[Recording]:
    """Return the recordings that names stand for: one for each name, also of the same file.

    Args:
        inputs: files, which are taken whatever they are called; folders, whose recordings are taken
            with those of their subfolders, in the order in which people count (`2.wav` before
            `10.wav`), without what is hidden; patterns such as `day*/**/*.wav`; and open files.
        silent: whether nothing is said of what is left out of folders, as it is used otherwise.

    Returns:
        The recordings in the order of the names. A file that is named twice comes twice; what is
        found in a folder comes once, also if it is named, too. A name that stands for nothing is
        among them: it fails when it is read.

    Raises:
        AudioError: if there is no recording.
    """
    inputs = list(inputs)
    recordings: list[Recording] = []
    known: dict[str, bool] = {}
    left_out: Counter[str] = Counter()
    for each in inputs:
        if isinstance(each, (str, os.PathLike)):
            recordings += map(Recording.at, _files_of(os.fspath(each), known, left_out))
        else:
            recordings.append(Recording(each, 0, 0, id(each)))
    if not recordings:
        names = ", ".join(repr(name_of(each)) for each in inputs)
        raise AudioError(f"there is no recording in {names}" if names else "no recording is named")
    if left_out and not silent:
        kinds = ", ".join(f"{count} {kind}" for kind, count in left_out.most_common(5))
        LOG.info("left out %s: no recordings by their names and first bytes", printable(kinds))
    return recordings


def natural(path: str) -> tuple[Any, ...]:
    """Return a key that sorts paths as people do: by folders, numbers by their value.

    Args:
        path: a path, absolute or relative.
    """
    names = Path(path.casefold()).parts
    return tuple(map(_texts_and_numbers, names)), path


def shared_folder(inputs: Iterable[str | os.PathLike[str]]) -> Path:
    """Return the deepest folder that holds all that is named: trees are mirrored from there on.

    Args:
        inputs: as for `find`; at least one.
    """
    return Path(os.path.commonpath([_folder(os.fspath(name)) for name in inputs]))


def _folder(name: str) -> str:
    path = os.path.abspath(name)
    if os.path.isdir(path):
        return path
    folders = Path(path).parent.parts
    plain = itertools.takewhile(lambda name: not glob.has_magic(name), folders)
    return os.path.join(*(folders if os.path.lexists(path) else plain))


def _expanded(name: str) -> Sequence[str]:
    """What a pattern stands for; a name that is there is no pattern, whatever it is made of."""
    if os.path.lexists(name) or not glob.has_magic(name):
        return [name]
    return sorted(glob.glob(name, recursive=True), key=natural) or [name]


def _files_of(name: str, known: dict[str, bool], left_out: Counter[str]) -> Iterator[str]:
    """The files that a name stands for, without what is found in a folder a second time.

    Args:
        name: of a file or a folder, or a pattern.
        known: names so far: True for one that was found in a folder and has not been named.
        left_out: counts what is no recording.
    """
    seen: set[str] = set()  # of this name alone: a folder that has two names is gone through twice
    for path in _expanded(name):
        if os.path.isdir(path):
            new = [each for each in _below(path, left_out, seen) if each not in known]
            known.update(dict.fromkeys(new, True))
            yield from new
        else:
            if not known.get(path):
                yield path
            known[path] = False


def _below(folder: str, left_out: Counter[str], seen: set[str]) -> Iterator[str]:
    """The recordings in a folder and its subfolders; links are followed, but never in circles."""
    if (true := os.path.realpath(folder)) in seen:
        return
    seen.add(true)
    try:
        names = sorted(os.listdir(folder), key=natural)
    except OSError as error:
        LOG.warning("warning: folder %r cannot be read: %s", folder, error.strerror)
        yield folder  # it fails when it is read, so that the exit status is that of a failure
        return
    for name in names:
        path = os.path.join(folder, name)
        if name.startswith(".") or name.endswith(".panns"):
            continue
        if os.path.isdir(path):
            yield from _below(path, left_out, seen)
        elif is_recording(path):
            yield path
        else:
            left_out[os.path.splitext(name)[1].lower() or "without an extension"] += 1


def is_recording(path: str) -> bool:
    """Return whether a file is a recording by its name or its first bytes.

    Args:
        path: of the file.
    """
    if os.path.splitext(path)[1][1:].lower() in EXTENSIONS:
        return True
    if not os.path.isfile(path):  # a pipe would wait for a writer
        return False
    try:
        with open(path, "rb") as file:
            return _BEGINNINGS.match(file.read(189)) is not None
    except OSError:
        return False


def _texts_and_numbers(name: str) -> tuple[str | int, ...]:
    # They take turns, so that like is compared with like.
    pieces = re.split(r"([0-9]+)", name)
    return tuple(int(piece) if i % 2 else piece for i, piece in enumerate(pieces))
