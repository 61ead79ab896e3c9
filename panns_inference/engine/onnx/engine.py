"""A network in a file of ONNX, computed by ONNX Runtime: torch is not needed, nor imported."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import cores
from ...errors import CheckpointError
from ...names import check_one_of
from ..contract import Grid, Outputs, Statistics, Waveforms
from ..schedule import MOST_WORKERS, Schedule
from .file import EXPORT, OnnxFile
from .head import head_model, zero_point_input
from .metadata import N_SEGMENTS, SEGMENTWISE, WAVEFORM, ZERO_POINT, Metadata
from .sessions import LEVELS, Sessions
from .validation import Signature, validated

FRAMES = "framewise_output"

NEAR = 2
"""Segments that a waveform may have more or less than its length gives."""


class OnnxEngine:
    """A network that `panns export` wrote.

    Pickled, it is the bytes of the file. In a process that was forked it opens the file again,
    and takes one core.

    Args:
        path: the file.
        threads: cores that a call takes; None is all of them.
        memory: 'default', or 'small', which is slower and holds a single copy of the weights.
        sent: bytes of the file, if another process has sent them.

    Attributes:
        metadata: the network's, from the file.

    Raises:
        UsageError: if ONNX Runtime is not installed, and for another `memory`.
        CheckpointError: if the file cannot be read, was not written by this package, was changed
            since, is of another version, or holds anything but a network of this package.
    """

    device = "cpu"
    is_current = True

    def __init__(
        self,
        path: str | os.PathLike[str],
        threads: int | None = None,
        memory: str = "default",
        sent: bytes | None = None,
    ) -> None:
        check_one_of(memory, LEVELS, "memory")
        self.path = Path(path)
        self.settings = threads, memory
        self.file = OnnxFile(self.path, sent)
        n_cores = threads or cores.available()
        self.sessions = Sessions(self.path, self._opened, n_cores, memory)
        self.head = Sessions(self.path, lambda: contextlib.nullcontext(self._head), 1, memory)
        model = self.file.read()
        with ThreadPoolExecutor(1, "panns-checksum") as pool:
            verified = pool.submit(self.file.verify, model)
            try:
                signature = self._signature(model)
                self.metadata = self._metadata(signature)
                self._head = self._head_model(model)
            finally:
                verified.result()  # what is damaged is called so, whatever else is wrong with it
        del model, verified  # before the weights are laid out
        is_open = ZERO_POINT in signature.constants and cores.has_amx()
        self._zero_point = zero_point_input(ZERO_POINT) if is_open else b""
        self.sessions.open()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path, *self.settings, self.file.read())

    def __deepcopy__(self, memo: object) -> OnnxEngine:
        # Nothing can change it.
        return self

    def _signature(self, model: bytes) -> Signature:
        try:
            return validated(memoryview(model))
        except ValueError as error:
            raise CheckpointError(
                f"{self.path} is no network in ONNX that this package wrote: {error}; {EXPORT}"
            ) from error

    def _metadata(self, signature: Signature) -> Metadata:
        try:
            metadata = Metadata.of(signature.entries)
        except KeyError as error:
            raise CheckpointError(
                f"{self.path} says too little of its network, for it was written by another "
                f"version of this package ({error}); {EXPORT}"
            ) from error
        except ValueError as error:
            raise CheckpointError(
                f"{self.path} says of its network what cannot be: {error}; {EXPORT}"
            ) from error
        self._expect("takes", signature.inputs, {WAVEFORM})
        self._expect("gives", signature.outputs, {*metadata.sizes, *_segmentwise(metadata)})
        return metadata

    def _head_model(self, model: bytes) -> bytes:
        """Return the head of the network as a model: from statistics to outputs."""
        outputs = [name for name in self.metadata.sizes if name != FRAMES]
        try:
            return head_model(memoryview(model), [N_SEGMENTS, *self.metadata.statistics], outputs)
        except ValueError as error:
            raise CheckpointError(
                f"{self.path} is no network in ONNX that this package wrote: {error}; {EXPORT}"
            ) from error

    def _expect(self, verb: str, found: set[str], expected: set[str]) -> None:
        if found != expected:
            raise CheckpointError(
                f"{self.path} {verb} {', '.join(sorted(found))}, expected "
                f"{', '.join(sorted(expected))}; {EXPORT}"
            )

    @contextlib.contextmanager
    def _opened(self) -> Iterator[bytes | str]:
        """The file as it is, or with its zero point open."""
        if self._zero_point:
            yield self.file.read() + self._zero_point
        else:
            with self.file.source() as source:
                yield source

    @property
    def threads(self) -> int:
        """Cores that a call takes, unless its thread was confined."""
        return self.sessions.threads

    @property
    def name(self) -> str:
        """Name of the network."""
        return self.metadata.name

    @property
    def sample_rate(self) -> int:
        """Rate of the waveforms in Hz."""
        return self.metadata.sample_rate

    @property
    def hop_size(self) -> int:
        """Samples from a frame to the next."""
        return self.metadata.hop_size

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the outputs."""
        return tuple(self.metadata.sizes)

    @property
    def sizes(self) -> Mapping[str, int]:
        """Lengths of `clipwise_output` and `embedding`, as far as there are any."""
        return {name: n for name, n in self.metadata.sizes.items() if name != FRAMES}

    @property
    def statistics(self) -> Mapping[str, str]:
        """What the head keeps of the segments."""
        return self.metadata.statistics

    @property
    def window(self) -> int | None:
        """Samples that it is given at once, if its outputs depend on all of a clip; else None."""
        return self.metadata.window or None

    @property
    def grid(self) -> Grid:
        """Where a recording may be cut."""
        return self.metadata.grid

    @property
    def interpolation(self) -> tuple[int, bool]:
        """Frames of a segment, and whether straight lines lead from one to the next."""
        return self.metadata.interpolation

    @property
    def schedule(self) -> Schedule:
        """How to call it."""
        workers = min(MOST_WORKERS, self.threads)
        return Schedule(workers, self.metadata.seconds_at_once, self._take_share)

    def _take_share(self, workers: int) -> None:
        """The calling thread takes its share of the cores."""
        self.sessions.confine(max(1, self.threads // workers))

    def outputs(self, waveforms: Waveforms) -> Outputs:
        """Return the outputs for a batch of waveforms, (batch, ...) each.

        Args:
            waveforms: (batch, samples), an array or a tensor on the CPU.
        """
        given = np.ascontiguousarray(waveforms, np.float32)
        found = self.sessions.run(self.output_names, {WAVEFORM: given})
        n_frames = 1 + given.shape[1] // self.hop_size
        for name, size in self.metadata.sizes.items():
            frames = (n_frames,) if name == FRAMES else ()
            self._check(name, found[name], (len(given), *frames, size))
        return found

    def segmentwise(self, waveform: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
        """Return the values of each segment, (..., segments).

        Args:
            waveform: (samples,).
        """
        given = np.ascontiguousarray(waveform, np.float32)[None]
        found = self.sessions.run(_segmentwise(self.metadata), {WAVEFORM: given})
        n_segments = self._n_segments(given.shape[1], next(iter(found.values())))
        for name, value in found.items():
            self._check(name, value, (*value.shape[:-1], n_segments))
        return {name.removeprefix(SEGMENTWISE): value[0] for name, value in found.items()}

    def conclude(self, statistics: Statistics, n_segments: int) -> Outputs:
        """Return the outputs for a recording as a whole.

        Args:
            statistics: of all its segments.
            n_segments: their number.
        """
        given: dict[str, NDArray[Any]] = {
            name: np.asarray(value, np.float32)[None] for name, value in statistics.items()
        }
        given[N_SEGMENTS] = np.asarray(n_segments, np.float32)
        found = self.head.run(self.sizes, given)
        for name, size in self.sizes.items():
            self._check(name, found[name], (1, size))
        return {name: value[0] for name, value in found.items()}

    def _check(self, name: str, value: NDArray[Any], expected: tuple[int, ...]) -> None:
        """Refuse an output that is not what the metadata promises."""
        if value.dtype != np.float32 or value.shape != expected:
            raise CheckpointError(
                f"{self.path} is not what it says of itself: its {name} is {value.dtype} "
                f"{value.shape}, expected float32 {expected}; {EXPORT}"
            )

    def _n_segments(self, n_samples: int, value: NDArray[Any]) -> int:
        """Segments of a waveform, which are known but for the one at either end."""
        expected = max(n_samples, self.metadata.minimum_samples) / self.grid.stride
        n_segments = value.shape[-1] if value.ndim else 0
        is_near = n_segments >= 1 and abs(n_segments - expected) <= NEAR
        return n_segments if is_near else round(expected)

    def identity(self) -> dict[str, str]:
        """Return what results depend on."""
        return {
            "weights": f"sha256:{self.file.checksum}",
            "precision": self.metadata.precision,
            "runtime": f"onnxruntime {self.sessions.version}",
        }


def _segmentwise(metadata: Metadata) -> list[str]:
    """Names of the outputs that are values of segments."""
    names = {
        *metadata.statistics.values(),
        *(("probabilities",) if metadata.interpolation[0] else ()),
    }
    return [f"{SEGMENTWISE}{name}" for name in sorted(names)]
