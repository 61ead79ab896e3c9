"""Clips decoded once, for training that reads each of them many times.

    clips --shards of 64 MiB--> processes: decode, mix, resample, cut or pad --> files of HDF5
                                                                             --> pack.json, last

HDF5 was chosen by measurement (`benchmarks/packing.py`). Balanced sampling draws at random, which a
tar file (WebDataset) does not allow: it is read from its beginning, and takes a core twice as long
as int16 that is mapped from the disk; compression takes longer still. In HDF5 without it a
clip is one range of bytes, to be mapped, or fetched from a store of objects. The paper's authors
use it, with the same names inside.

A run that was killed goes on: what is there and is made from the same clips, files and settings is
kept.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import json
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import partial
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ... import cores
from ...audio.reading import checked_rate
from ...errors import AudioError, OutputError, UsageError
from ...files import atomic_write, explained
from ...formats.spans import unicode
from ...lock import locked
from ..workers import lost_worker
from .clips import Clip, Dataset
from .cutting import in_order
from .manifest import check_names, write_manifest
from .packed import BROKEN, INDEX, MANIFEST, Packed, index_of
from .reading import DatasetLike, as_dataset
from .shard import Layout, Shard, write_shards
from .storage import SAMPLE_BYTES, Mapped

LOG = logging.getLogger("panns_inference")

SHARD_BYTES = 1 << 26
"""Samples in a file: some seconds of work for a process, and a good size for an object."""

Planned = Sequence[tuple[Path, Sequence[Clip]]]
"""Files that one process writes, and the clips of each."""

Files = dict[Path, Shard]
"""What is in each file."""


def pack(
    data: DatasetLike,
    folder: str | os.PathLike[str],
    *,
    sample_rate: int = 32_000,
    seconds: float = 10.0,
    workers: int | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> Packed:
    """Write the waveforms of all clips into a folder, and return them; do nothing if it is done.

    Waveforms are mono, int16 (a sample of 1 is 32767), cut to the length or padded with zeros.
    Each recording is decoded once, and gives the samples that `audio.read` gives. Clips that
    cannot be decoded are left out, and written into `broken.csv`. Several workers are processes:
    a script that calls this needs `if __name__ == "__main__":`.

    Args:
        data: the clips, or what `read_dataset` reads; those of one recording are brought one behind
            the other.
        folder: a new one, an empty one, or one of a pack of the same clips.
        sample_rate: of the waveforms in Hz.
        seconds: length of a waveform.
        workers: processes; None is one a core.
        overwrite: whether the pack of other clips, or of other settings, may be replaced.
        progress: whether a bar is shown, if stderr is a terminal.

    Raises:
        UsageError: if an argument makes no sense, the folder holds something else, or h5py is not
            installed.
        AudioError: if no clip can be decoded.
        OutputError: if the folder cannot be written, or another process is packing into it.
    """
    rate = checked_rate(sample_rate, "sample_rate")
    n_samples = round(seconds * rate)
    if n_samples < 1:
        raise UsageError(f"seconds={seconds} is no length of a clip")
    _check_h5py()
    data = as_dataset(data)
    check_names(data)
    clips = [replace(clip, path=Path(os.path.abspath(clip.path))) for clip in in_order(data.clips)]
    data = replace(data, clips=tuple(clips))
    layout = Layout(data.labels, rate, n_samples)
    folder = Path(folder)
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        index = {"fingerprint": _fingerprint(data, layout), **vars(layout), "mids": data.mids}
        _begin(folder, index, overwrite)
        files = _written(_planned(clips, folder, layout), layout, workers, progress)
        _finish(folder, data, index, files)
    return Packed(folder)


def _check_h5py() -> None:
    try:
        import h5py  # noqa: F401 - it is used in other processes
    except ImportError as error:
        raise UsageError(
            f'packing needs h5py ({error}): pip install "panns-inference[train]"'
        ) from error


def _fingerprint(data: Dataset, layout: Layout) -> str:
    """A checksum of what a pack is of."""
    digest = hashlib.sha256(repr((layout, data.mids)).encode())
    for clip in data.clips:
        digest.update(repr(clip).encode())
    return digest.hexdigest()


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(folder / ".lock", wait=False))
        except BlockingIOError as error:
            raise OutputError(f"another process is packing into {folder}") from error
        yield


def _begin(folder: Path, index: Mapping[str, Any], overwrite: bool) -> None:
    """Write an index without files, unless the folder is somebody else's."""
    there = index_of(Mapped(os.fspath(folder)))
    if there is None and any(not each.name.startswith(".") for each in folder.iterdir()):
        raise UsageError(f"{folder} holds other files: give a new folder")
    if there and there["fingerprint"] != index["fingerprint"] and not overwrite:
        raise UsageError(
            f"{folder} is a pack of other clips, or of other settings: give another folder, or "
            "have it overwritten"
        )
    _write_index(folder, index, [])


def _finish(folder: Path, data: Dataset, index: Mapping[str, Any], files: Files) -> None:
    """Write the tables, and the index last."""
    whole = [clip for shard in files.values() for clip in shard.clips]
    broken = [row for shard in files.values() for row in shard.broken]
    if not whole:
        raise AudioError(f"none of the {len(broken)} clips can be decoded: {broken[0][1]}")
    write_manifest(replace(data, clips=tuple(whole)), folder / MANIFEST)
    with atomic_write(folder / BROKEN) as file:
        table = csv.writer(file)
        table.writerow(["path", "onset", "offset", "cause"])
        for clip, cause in broken:
            table.writerow([unicode(str(clip.path)), clip.onset, clip.offset, unicode(cause)])
    for path in folder.glob("waveforms_*.h5"):
        if path not in files:  # of a pack that was overwritten
            path.unlink()
    _write_index(
        folder,
        index,
        [
            {"name": path.name, "clips": len(shard.clips), "offset": shard.offset}
            for path, shard in files.items()
        ],
    )


def _write_index(folder: Path, index: Mapping[str, Any], files: Sequence[Any]) -> None:
    with atomic_write(folder / INDEX) as file:
        json.dump({**index, "files": files}, file, indent=1)


def _planned(clips: Sequence[Clip], folder: Path, layout: Layout) -> list[Planned]:
    """The files of each process: those that share a recording are for one, to decode it once."""
    n_clips = max(1, SHARD_BYTES // (SAMPLE_BYTES * layout.n_samples))
    jobs: list[list[tuple[Path, Sequence[Clip]]]] = []
    for number, first in enumerate(range(0, len(clips), n_clips)):
        shard = folder / f"waveforms_{number:05d}.h5", clips[first : first + n_clips]
        if first and clips[first - 1].path == clips[first].path:
            jobs[-1].append(shard)
        else:
            jobs.append([shard])
    return [*jobs]


def _written(jobs: Sequence[Planned], layout: Layout, workers: int | None, progress: bool) -> Files:
    """Write all files, and return what is in them."""
    files: Files = {}
    work = partial(write_shards, layout=layout)
    n_clips = sum(len(clips) for job in jobs for _, clips in job)
    with (
        _mapping(min(workers or cores.available(), len(jobs))) as mapped,
        tqdm(total=n_clips, unit=" clips", disable=None if progress else True) as bar,
    ):
        for job, shards in zip(jobs, mapped(work, jobs), strict=True):
            for (path, clips), shard in zip(job, shards, strict=True):
                for fault in shard.faults:
                    LOG.warning("warning: %s", fault)
                bar.update(len(clips))
                files[path] = shard
    return files


@contextlib.contextmanager
def _mapping(workers: int) -> Iterator[Callable[..., Iterable[list[Shard]]]]:
    """What applies a function in processes; a single one is this one."""
    if workers == 1:
        yield map
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), _begin_worker) as pool:
        try:
            yield pool.map
        except BrokenProcessPool as error:
            raise lost_worker() from error
        finally:
            pool.shutdown(cancel_futures=True)


def _begin_worker() -> None:
    """Leave Ctrl-C to the process that waits for this one, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)
