"""How fast clips are read that were packed, and anew: `python benchmarks/packing.py`.

Batches of 32 clips of ten seconds, mono at 32 kHz, as float32 in memory: what a GPU is fed with. In
random order, as balanced sampling needs them, but for WebDataset, which is read shard by shard. Two
processes read each for itself, as the workers of a loader do.

The time of a core counts what is computed, also where other programs take turns with it, but not
what the disk takes. `cold` is with nothing of the files in the memory of the system. The store of
objects is a server of HTTP on this machine that answers each request after 20 ms.
"""

from __future__ import annotations

import argparse
import contextlib
import http.server
import io
import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import soundfile
import soxr
import webdataset
from numpy.typing import NDArray
from report import setting, table, write_section

from panns_inference.audio import read
from panns_inference.training.data import Clip, Packed, dataset, pack
from panns_inference.training.int16 import FULL_SCALE, to_int16

RATE, SECONDS, BATCH = 32_000, 10, 32
SAMPLES = RATE * SECONDS

SOURCE_RATE = 44_100
"""Of the files, which are in stereo: as most recordings are."""

PROCESSES = 2

LATENCY = 0.02
"""Seconds before the store answers."""

STREET = Path(__file__).parents[1] / "examples" / "street.flac"

FILES = {"WAV": "PCM_16", "FLAC": "PCM_16", "MP3": "MPEG_LAYER_III", "OGG": "VORBIS"}

Batch = NDArray[np.float32]


def batch_of(clips: Iterable[NDArray[np.int16]]) -> Batch:
    """Clips as float32, (clips, samples), without a copy on the way."""
    batch = np.empty((BATCH, SAMPLES), np.float32)
    for samples, waveform in zip(clips, batch, strict=True):
        np.divide(samples, FULL_SCALE, out=waveform, dtype=np.float32)
    return batch


def recordings(n: int, rate: int, channels: int) -> Iterator[NDArray[np.float32]]:
    """A street with hiss, never twice the same, (samples, channels)."""
    street, street_rate = soundfile.read(STREET, dtype="float32")
    whole = np.tile(soxr.resample(street, street_rate, rate), 3)
    for number in range(n):
        random = np.random.default_rng(number)
        start = random.integers(rate * SECONDS)
        sound = whole[start : start + rate * SECONDS, None] * random.uniform(0.2, 1)
        hiss = random.normal(0, 1e-3, (rate * SECONDS, channels))
        yield (sound + hiss).astype(np.float32)


def write_all(folder: Path, n: int, n_files: int) -> None:
    """The clips in all layouts."""
    for form, subtype in FILES.items():
        (folder / form).mkdir()
        for number, samples in enumerate(recordings(n_files, SOURCE_RATE, 2)):
            path = folder / form / f"{number}.{form.lower()}"
            soundfile.write(path, samples, SOURCE_RATE, subtype)
    (folder / "clips").mkdir()
    clips = []
    for number, samples in enumerate(recordings(n, RATE, 1)):
        clips.append(Clip(folder / "clips" / f"{number}.wav", ("street",)))
        soundfile.write(clips[-1].path, samples, RATE, "PCM_16")
    packed = pack(dataset(clips), folder / "pack", sample_rate=RATE, seconds=SECONDS, workers=1)
    with h5py.File(folder / "lzf.h5", "w") as file:
        shape = len(packed), SAMPLES
        rows = file.create_dataset("waveform", shape, "<i2", chunks=(1, SAMPLES), compression="lzf")
        for number in range(len(packed)):
            rows[number] = to_int16(packed.waveforms([number])[0])
    for form in ("raw", "flac"):
        (folder / f"tar-{form}").mkdir()
        with webdataset.ShardWriter(
            f"{folder}/tar-{form}/%05d.tar", maxcount=104, verbose=0
        ) as tar:
            for number in range(len(packed)):
                samples = to_int16(packed.waveforms([number])[0])
                tar.write({"__key__": f"{number}", form: in_tar(samples, form)})


def in_tar(samples: NDArray[np.int16], form: str) -> bytes:
    """The bytes of a member of a shard."""
    if form == "raw":
        return samples.tobytes()
    file = io.BytesIO()
    soundfile.write(file, samples, RATE, format="FLAC")
    return file.getvalue()


def anew(form: str, folder: Path, random: np.random.Generator) -> Iterator[Batch]:
    """Files decoded, mixed and resampled."""
    paths = sorted((folder / form).iterdir())
    while True:
        yield np.stack(
            [read(paths[k], RATE)[:SAMPLES] for k in random.integers(len(paths), size=BATCH)]
        )


def by_packed(folder: Path, random: np.random.Generator) -> Iterator[Batch]:
    """Ranges of bytes mapped into memory, by this package."""
    packed = Packed(folder / "pack")
    while True:
        yield packed.waveforms(random.integers(len(packed), size=BATCH))


def by_h5py(folder: Path, random: np.random.Generator) -> Iterator[Batch]:
    """The same files by h5py."""
    rows = [h5py.File(path)["waveform"] for path in sorted((folder / "pack").glob("*.h5"))]
    places = [(each, row) for each in rows for row in range(len(each))]
    while True:
        chosen = [places[k] for k in random.integers(len(places), size=BATCH)]
        yield batch_of(each[row] for each, row in chosen)


def by_lzf(folder: Path, random: np.random.Generator) -> Iterator[Batch]:
    """Compressed HDF5, a chunk a clip."""
    rows = h5py.File(folder / "lzf.h5")["waveform"]
    while True:
        yield batch_of(rows[k] for k in random.integers(len(rows), size=BATCH))


def by_webdataset(form: str, folder: Path, random: np.random.Generator) -> Iterator[Batch]:
    """Shards one after the other."""
    shards = random.permutation([str(path) for path in (folder / f"tar-{form}").iterdir()])
    samples = webdataset.WebDataset([*shards], shardshuffle=False, empty_check=False).repeat()
    members = (member[form] for member in samples)
    while True:
        yield batch_of(of_tar(data, form) for data in islice(members, BATCH))


def of_tar(data: bytes, form: str) -> NDArray[np.int16]:
    """The samples of a member of a shard."""
    if form == "raw":
        return np.frombuffer(data, "<i2")
    samples: NDArray[np.int16] = soundfile.read(io.BytesIO(data), dtype="int16")[0]
    return samples


def from_store(port: int, folder: Path, random: np.random.Generator) -> Iterator[Batch]:
    """Ranges of bytes fetched by HTTP, those of a batch at once, by this package."""
    packed = Packed(f"http://127.0.0.1:{port}/pack")
    while True:
        yield packed.waveforms(random.integers(len(packed), size=BATCH))


class Store(http.server.SimpleHTTPRequestHandler):
    """Files by HTTP, also ranges of them, each after a while."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer a request."""
        time.sleep(LATENCY)
        path = Path(self.translate_path(self.path))
        size = path.stat().st_size
        first, last = 0, size - 1
        if wanted := self.headers.get("Range"):
            first, last = map(int, wanted.removeprefix("bytes=").split("-"))
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(last + 1 - first))
        self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.end_headers()
        with path.open("rb") as file:
            file.seek(first)
            self.wfile.write(file.read(last + 1 - first))

    def log_message(self, *_: object) -> None:
        """Print nothing."""


WAYS: dict[str, Callable[..., Iterator[Batch]]] = {
    **{f"{form} decoded anew": partial(anew, form) for form in FILES},
    "WebDataset of FLAC, in sequence": partial(by_webdataset, "flac"),
    "WebDataset of int16, in sequence": partial(by_webdataset, "raw"),
    "HDF5, lzf, h5py": by_lzf,
    "HDF5, h5py": by_h5py,
    "HDF5, mapped: this package": by_packed,
}
"""What is compared."""


def work(folder: Path, seed: int, line: Any) -> None:
    """Read batches in a process whenever it is time, and say how long it computed."""
    while job := line.recv():
        way, n_batches = job
        next(way(folder, np.random.default_rng(seed)))  # modules are imported
        batches = way(folder, np.random.default_rng(seed + 1000))
        line.send(None)
        line.recv()
        begun = time.process_time()
        for _ in range(n_batches):
            next(batches)
        line.send(time.process_time() - begun)


class Speeds(NamedTuple):
    """Clips a second: of computing, and of time."""

    computing: float
    time: float


def speed(
    lines: Sequence[Any], way: Callable[..., Iterator[Batch]], n_batches: int, cold: Path | None
) -> Speeds:
    """How fast processes read; files in a folder are taken out of the memory of the system."""
    for line in lines:
        line.send((way, n_batches))
    for line in lines:
        line.recv()
    if cold:
        forget(cold)
    begun = time.perf_counter()
    for line in lines:
        line.send(None)
    computing = sum(line.recv() for line in lines)
    n_clips = len(lines) * n_batches * BATCH
    return Speeds(n_clips / computing, n_clips / (time.perf_counter() - begun))


def forget(folder: Path) -> None:
    """Take files out of the memory of the system."""
    os.sync()  # what is still to be written stays in memory
    for path in folder.rglob("*.*"):
        if path.is_file():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def main() -> None:
    """Measure, print the table, and write it into `RESULTS.md`."""
    parser = argparse.ArgumentParser(description="Time readers of clips.")
    parser.add_argument(
        "--folder", help="for the clips, which stay there; default: a temporary one"
    )
    parser.add_argument("--clips", type=int, default=1024, help="default: %(default)s")
    parser.add_argument("--files", type=int, default=96, help="default: %(default)s")
    parser.add_argument("--batches", type=int, default=12, help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(given.folder or stack.enter_context(tempfile.TemporaryDirectory()))
        if not (folder / "pack").is_dir():
            write_all(folder, given.clips, given.files)
        server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), partial(Store, directory=str(folder))
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ways = {**WAYS, "HDF5, by HTTP: this package": partial(from_store, server.server_port)}
        lines = [started(folder, seed) for seed in range(PROCESSES)]
        found: dict[str, list[list[float]]] = {way: [] for way in ways}
        for _ in range(given.rounds):
            for way, reader in ways.items():
                n_batches = max(1, given.batches // (8 if "anew" in way else 1))
                warm = speed(lines, reader, n_batches, None)
                cold = speed(lines, reader, n_batches, folder)
                found[way].append([warm.computing, warm.time, cold.time])
                print(way, *map(round, found[way][-1]), flush=True)
        rows = [
            (way, *(f"{max(each):.0f}" for each in zip(*those, strict=True)))
            for way, those in found.items()
        ]
        for line in lines:
            line.send(None)
        write(rows, given, folder)


def started(folder: Path, seed: int) -> Any:
    """The line to a process that reads."""
    context = multiprocessing.get_context("spawn")
    line, other = context.Pipe()
    context.Process(target=work, args=(folder, seed, other), daemon=True).start()
    return line


def size_of(path: Path) -> int:
    """Bytes of a file, or of those in a folder."""
    return sum(file.stat().st_size for file in ([path] if path.is_file() else path.iterdir()))


def write(rows: Sequence[Sequence[str]], given: argparse.Namespace, folder: Path) -> None:
    """Print the table, and put it into the file of results."""
    heading = "clips a second", "of a core's time", "2 processes", "2 processes, cold"
    whole, lzf, flac = (size_of(folder / name) for name in ("pack", "lzf.h5", "tar-flac"))
    body = (
        f"{setting('h5py', 'webdataset', 'numpy', 'soundfile')} {given.clips} clips of {SECONDS} s "
        f"at {RATE} Hz, {whole / 1e6:.0f} MB of int16 (lzf takes {lzf / whole:.0%} of it, FLAC "
        f"{flac / whole:.0%}); files that are decoded anew: {SOURCE_RATE} Hz, stereo. The best of "
        f"{given.rounds} rounds, batches of {BATCH} as float32. By HTTP: each request is answered "
        f"after {1000 * LATENCY:.0f} ms. Load of the machine by all programs meanwhile: "
        f"{os.getloadavg()[1]:.0f}; above the number of cores, the first column alone says much."
        f"\n\n{table(heading, rows)}"
    )
    print(body)
    write_section("Packed clips", body)


if __name__ == "__main__":
    main()
