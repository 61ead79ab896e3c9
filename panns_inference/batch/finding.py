"""Which files are recordings, and the order in which they come.

A file that is named is always taken. In a folder, a file is a recording if the end of its name says
so, or, where that says nothing, its first bytes.
"""

from __future__ import annotations

import glob
import itertools
import logging
import os
import re
import stat
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ..audio import name_of
from ..audio.files import File
from ..errors import AudioError
from ..terminal import printable

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
"""Ends of names that say that a file is a recording, in small letters and without the dot."""

_BEGINNINGS = re.compile(
    rb"(RIFF|RF64|RIFX)....WAVE|FORM....AIF|fLaC|OggS|ID3|caff|\.snd|....ftyp|\x1aE\xdf\xa3"
    rb"|G.{187}G",
    re.DOTALL,
)
"""First bytes of WAV, AIFF, FLAC, Ogg, MP3, CAF, AU, MP4, Matroska and MPEG-TS."""


@dataclass(frozen=True)
class Recording:
    """A file to be heard.

    Attributes:
        source: what is read: the path as it was given, or as it was found below one; or an open
            file.
        size: in bytes; None if there is no such file.
        mtime_ns: when it was last changed, in nanoseconds.
        identity: the same for all names of one file, and for no other file.
        track: number of one of its sound tracks, where each has a result of its own.
        channel: number of one of its channels, where each has a result of its own.
    """

    source: str | BinaryIO
    size: int | None
    mtime_ns: int
    identity: Hashable = None
    track: int | None = None
    channel: int | None = None

    @property
    def name(self) -> str | None:
        """What results call it."""
        return name_of(self.source)

    @property
    def path(self) -> str:
        """The absolute path: the same from wherever the program is called."""
        return os.path.abspath(self.name or "")

    @property
    def part(self) -> str:
        """The end of names of files for one of its parts, such as '.channel2'; else empty."""
        return key_of("", self.track, self.channel)

    @property
    def key(self) -> str:
        """What tells it from the other recordings of a run: its path, and its part."""
        return f"{self.path}{self.part}"


def key_of(path: str, track: int | None, channel: int | None) -> str:
    """What tells a recording, or a part of one, from the others of a run.

    Args:
        path: of the recording.
        track: number of its sound track, where each has a result of its own.
        channel: number of its channel, where each has a result of its own.
    """
    numbers = {".track": track, ".channel": channel}
    return path + "".join(f"{name}{number}" for name, number in numbers.items() if number)


def find(inputs: Iterable[File]) -> list[Recording]:
    """The recordings that are meant by some names: one for each name, also of the same file.

    Args:
        inputs: files, which are taken whatever they are called; folders, whose recordings are taken
            with those of their subfolders, in the order in which people count (`2.wav` before
            `10.wav`), without what is hidden; patterns such as `day*/**/*.wav`; and open files.

    Returns:
        The recordings in the order of the names. A file that is named twice comes twice; what is
        found in a folder comes once, also if it is named, too. A name that stands for nothing is
        among them: what is wrong with it is said when it is heard.

    Raises:
        AudioError: if there is no recording.
    """
    inputs = list(inputs)
    recordings: list[Recording] = []
    known: dict[str, bool] = {}
    left_out: Counter[str] = Counter()
    for each in inputs:
        if isinstance(each, (str, os.PathLike)):
            recordings += map(_recording, _meant(os.fspath(each), known, left_out))
        else:
            recordings.append(Recording(each, 0, 0, id(each)))
    if not recordings:
        told = ", ".join(repr(name_of(each)) for each in inputs)
        raise AudioError(f"there is no recording in {told}" if told else "no recording is named")
    if left_out:
        kinds = ", ".join(f"{count} {kind}" for kind, count in left_out.most_common(5))
        LOG.info("left out: no recordings by their names and first bytes: %s", printable(kinds))
    return recordings


def natural(path: str) -> tuple[Any, ...]:
    """Key for sorting paths as people do: by folders, numbers by their value.

    Args:
        path: a path, or a part of one.
    """
    parts = Path(path.casefold()).parts
    return tuple(_counted(part) for part in parts), path


def shared_folder(inputs: Iterable[str | os.PathLike[str]]) -> Path:
    """The deepest folder that holds all that is named: trees are mirrored from there on.

    Args:
        inputs: as for `find`; at least one.
    """
    return Path(os.path.commonpath([_folder(os.fspath(name)) for name in inputs]))


def _folder(name: str) -> str:
    path = os.path.abspath(name)
    if os.path.isdir(path):
        return path
    parts = Path(path).parent.parts
    plain = itertools.takewhile(lambda part: not glob.has_magic(part), parts)
    return os.path.join(*(parts if os.path.lexists(path) else plain))


def _expanded(name: str) -> Sequence[str]:
    """What a pattern stands for; a name that is there is no pattern, whatever it is made of."""
    if os.path.lexists(name) or not glob.has_magic(name):
        return [name]
    return sorted(glob.glob(name, recursive=True), key=natural) or [name]


def _meant(name: str, known: dict[str, bool], left_out: Counter[str]) -> Iterator[str]:
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
    """Recordings in a folder and its subfolders; links are followed, but never in circles."""
    if (true := os.path.realpath(folder)) in seen:
        return
    seen.add(true)
    try:
        names = sorted(os.listdir(folder), key=natural)
    except OSError as error:
        LOG.warning("warning: %r cannot be listed: %s", folder, error.strerror)
        yield folder  # a failure when it is heard, so that the exit status tells of it
        return
    for name in names:
        path = os.path.join(folder, name)
        if name.startswith(".") or name.endswith(".panns"):
            continue
        if os.path.isdir(path):
            yield from _below(path, left_out, seen)
        elif _is_recording(path):
            yield path
        else:
            left_out[os.path.splitext(name)[1].lower() or "without an extension"] += 1


def _is_recording(path: str) -> bool:
    if os.path.splitext(path)[1][1:].lower() in EXTENSIONS:
        return True
    if not os.path.isfile(path):  # a pipe would wait for a writer
        return False
    try:
        with open(path, "rb") as file:
            return _BEGINNINGS.match(file.read(189)) is not None
    except OSError:
        return False


def _counted(part: str) -> tuple[str | int, ...]:
    # Texts and numbers take turns, so that like is compared with like.
    pieces = re.split(r"([0-9]+)", part)
    return tuple(int(piece) if i % 2 else piece for i, piece in enumerate(pieces))


def identity_of_file(name: str | os.PathLike[str]) -> Hashable:
    """The same for all names of one file, and for no other file.

    Args:
        name: of a file, which need not be there.
    """
    try:
        state = os.stat(name)
    except (OSError, ValueError):
        return os.fspath(name)
    # Some file systems number no files.
    return (state.st_dev, state.st_ino) if state.st_ino else os.path.realpath(name)


def _recording(name: str) -> Recording:
    identity = identity_of_file(name)
    try:
        state = os.stat(name)
    except (OSError, ValueError):
        return Recording(name, None, 0, identity)
    is_file = stat.S_ISREG(state.st_mode)
    return Recording(name, state.st_size if is_file else None, state.st_mtime_ns, identity)
