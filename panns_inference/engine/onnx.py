"""A network in a file of ONNX, computed by ONNX Runtime: torch is not needed, nor imported."""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import cores
from ..errors import CheckpointError, UsageError
from ..names import check_one_of
from .card import N_SEGMENTS, SEGMENTWISE, WAVEFORM, ZERO_POINT, Card, checksums
from .engine import Grid, Outputs, Statistics, Waveforms

FRAMES = "framewise_output"

MOST_WORKERS = 4
"""Batches that are heard at the same time: each takes memory."""

LEVELS = {"default": "ORT_ENABLE_ALL", "small": "ORT_ENABLE_EXTENDED"}
"""How far ONNX Runtime goes with a network. At its last level, weights are laid out once more: for
CNN14 that takes 0.6 s and 0.6 GB, and makes it 1.3 times as fast."""

EXPORT = "write one with panns export MODEL --to onnx"


class OnnxEngine:
    """A network that `panns export` wrote.

    Args:
        path: the file.
        threads: cores that a call takes; None is all of them.
        memory: 'default', or 'small', which is slower and holds a single copy of the weights.

    Attributes:
        card: what the file says of the network.
        threads: cores that a call takes, unless its thread was confined.

    Raises:
        UsageError: if ONNX Runtime is not installed, and for another `memory`.
        CheckpointError: if the file cannot be read, was not written by this package, was changed
            since, or is of another version.
    """

    device = "cpu"
    is_current = True

    def __init__(
        self,
        path: str | os.PathLike[str],
        threads: int | None = None,
        memory: str = "default",
    ) -> None:
        check_one_of(memory, LEVELS, "memory")
        self.path = Path(path)
        self.memory = memory
        self.runtime = _runtime()
        self.threads = threads or cores.available()
        self._share = threading.local()
        self._lock = threading.Lock()
        self._sessions: dict[int, Any] = {}
        with ThreadPoolExecutor(1, "panns-checksum") as pool:
            verified = pool.submit(_verified, self.path)
            try:
                session = self._session()
            except Exception as error:  # those of ONNX Runtime have no other class in common
                verified.result()  # says what is wrong with the file, if anything is
                raise CheckpointError(
                    f"{self.path} cannot be opened by onnxruntime {self.runtime.__version__}, "
                    f"which may be too old for it: {error}"
                ) from error
            self.checksum = verified.result()
        self.card = self._card(session)

    def _card(self, session: Any) -> Card:
        try:
            card = Card.of(session.get_modelmeta().custom_metadata_map)
        except (KeyError, ValueError, TypeError) as error:
            raise CheckpointError(
                f"{self.path} says too little of its network, for it was written by another "
                f"version of this package ({error}); {EXPORT}"
            ) from error
        expected = {WAVEFORM, N_SEGMENTS, *card.statistics}
        inputs = (*session.get_inputs(), *session.get_overridable_initializers())
        if (found := {each.name for each in inputs} - {ZERO_POINT}) != expected:
            raise CheckpointError(
                f"{self.path} takes {', '.join(sorted(found))}, expected "
                f"{', '.join(sorted(expected))}; {EXPORT}"
            )
        return card

    def _session(self) -> Any:
        """The network, for as many cores as the calling thread takes."""
        threads = getattr(self._share, "threads", self.threads)
        with self._lock:
            if threads not in self._sessions:
                options = self.runtime.SessionOptions()
                options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
                options.log_severity_level = 3  # errors
                levels = self.runtime.GraphOptimizationLevel
                options.graph_optimization_level = getattr(levels, LEVELS[self.memory])
                self._sessions[threads] = self.runtime.InferenceSession(
                    self.path, options, providers=["CPUExecutionProvider"]
                )
            return self._sessions[threads]

    @property
    def name(self) -> str:
        """Name of the network."""
        return self.card.name

    @property
    def sample_rate(self) -> int:
        """Rate of the waveforms in Hz."""
        return self.card.sample_rate

    @property
    def hop_size(self) -> int:
        """Samples from a frame to the next."""
        return self.card.hop_size

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the outputs."""
        return tuple(self.card.sizes)

    @property
    def sizes(self) -> Mapping[str, int]:
        """Lengths of `clipwise_output` and `embedding`, as far as there are any."""
        return {name: n for name, n in self.card.sizes.items() if name != FRAMES}

    @property
    def statistics(self) -> Mapping[str, str]:
        """What the head keeps of the segments."""
        return self.card.statistics

    @property
    def grid(self) -> Grid:
        """Where a recording may be cut."""
        return self.card.grid

    @property
    def interpolation(self) -> tuple[int, bool]:
        """Frames of a segment, and whether straight lines lead from one to the next."""
        return self.card.interpolation

    @property
    def workers(self) -> int:
        """Threads that do best to call it at the same time: with a core each, or some."""
        return min(MOST_WORKERS, self.threads)

    def confine(self, workers: int) -> None:
        """The calling thread takes its share of the cores.

        Args:
            workers: threads that call the engine at the same time.
        """
        self._share.threads = max(1, self.threads // workers)

    @property
    def seconds_at_once(self) -> float:
        """Seconds of short clips that do best to go through it together; 0 is one by one."""
        return self.card.seconds_at_once

    def outputs(self, waveforms: Waveforms) -> Outputs:
        """The outputs for a batch of waveforms, (batch, ...) each.

        Args:
            waveforms: (batch, samples), an array or a tensor on the CPU.
        """
        given = np.ascontiguousarray(waveforms, np.float32)
        return self._run(self.output_names, {WAVEFORM: given})

    def segmentwise(self, waveform: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
        """Values of each segment, (..., segments).

        Args:
            waveform: (samples,).
        """
        names = {*self.card.statistics.values()}
        if self.card.interpolation[0]:
            names.add("probabilities")
        given = np.ascontiguousarray(waveform, np.float32)[None]
        found = self._run([f"{SEGMENTWISE}{name}" for name in names], {WAVEFORM: given})
        return {name.removeprefix(SEGMENTWISE): value[0] for name, value in found.items()}

    def conclude(self, statistics: Statistics, n_segments: int) -> Outputs:
        """The outputs that speak of a recording as a whole.

        Args:
            statistics: of all its segments.
            n_segments: their number.
        """
        given: dict[str, NDArray[Any]] = {
            name: np.asarray(value, np.float32)[None] for name, value in statistics.items()
        }
        given[N_SEGMENTS] = np.asarray(n_segments, np.int64)
        # What is heard beside them does not matter: the shortest that is not padded.
        given[WAVEFORM] = np.zeros((1, self.card.minimum_samples), np.float32)
        return {name: value[0] for name, value in self._run(self.sizes, given).items()}

    def _run(self, names: Iterable[str], given: Mapping[str, NDArray[Any]]) -> Outputs:
        wanted = list(names)
        return dict(zip(wanted, self._session().run(wanted, dict(given)), strict=True))

    def identity(self) -> dict[str, str]:
        """What results depend on."""
        return {
            "weights": f"sha256:{self.checksum}",
            "precision": self.card.precision,
            "runtime": f"onnxruntime {self.runtime.__version__}",
        }


def _runtime() -> Any:
    try:
        return importlib.import_module("onnxruntime")
    except ImportError as error:
        raise UsageError(
            "a network in a file of ONNX is computed by ONNX Runtime: "
            "pip install 'panns-inference[onnx]'"
        ) from error


def _verified(path: Path) -> str:
    try:
        found, held = checksums(path)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}") from error
    if held is None:
        raise CheckpointError(
            f"{path} is no network in ONNX that this package wrote: there is no checksum at its "
            f"end; {EXPORT}"
        )
    if found != held:
        raise CheckpointError(
            f"{path} is damaged, or was changed after it was written: its sha256 is {found}, "
            f"expected {held}; {EXPORT}"
        )
    return found
