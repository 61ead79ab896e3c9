r"""One pass over a recording, block by block: its results are those of a single forward pass.

    chunk --network--> segments --halo dropped--> statistics --> clip values, at the end
                                            \---> frames, at once

Memory does not grow with the recording.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engine import Engine, Outputs
from .cutter import Chunk, Cutter
from .interpolation import frames_of
from .silence import loud_segments
from .waiting import State, Waveform, nested, part_of
from .whole import Frames

COUNTS = ("n_segments", "n_frames", "silence")


class BlockwisePass:
    """Samples in pieces of any size in; frames as they become known; the outputs at the end.

    Args:
        engine: what computes the network, which has segments.
        block: samples of a block.
        n_classes: number of its classes.
        peak: segments whose samples are no larger are silent: they do not count, their framewise
            probabilities are 0, and chunks that keep none but those are not heard. None hears
            everything.
        state: of another pass, to go on where it stood.
    """

    def __init__(
        self,
        engine: Engine,
        block: int,
        n_classes: int,
        peak: float | None = None,
        state: Mapping[str, NDArray[np.generic]] | None = None,
    ) -> None:
        state = state or {}
        self.engine = engine
        self.n_classes = n_classes
        self.peak = peak
        self.names = engine.output_names or ()
        self.has_frames = "framewise_output" in self.names
        self.kept = dict(engine.statistics or {})
        self.cutter = Cutter(engine, block, part_of(state, "cutter"))
        self.statistics: dict[str, NDArray[Any]] = part_of(state, "statistics")
        self.n_segments, self.n_frames, self.silence = (int(state.get(n, 0)) for n in COUNTS)
        # Probabilities of the last segment: (1, classes), or none yet.
        self.last: Frames = np.asarray(state.get("last", self._silence(0)), np.float32)

    @property
    def n_samples(self) -> int:
        """Samples so far."""
        return self.cutter.waiting.end

    def feed(self, samples: Waveform) -> Frames | None:
        """Framewise probabilities that are known now: those behind what was returned before.

        Args:
            samples: (n,).

        Returns:
            (frames, classes); None if the network has no framewise output.
        """
        rows = [self._frames(self._hear(chunk)) for chunk in self.cutter.feed(samples)]
        if not self.has_frames:
            return None
        frames = np.concatenate([self._silence(0), *rows])
        self.n_frames += len(frames)
        return frames

    def finish(self) -> tuple[Outputs, Frames | None]:
        """The outputs of the whole recording, and the last frames, if the network has any."""
        rows = self._frames(self._hear(self.cutter.finish()))
        outputs = self._concluded()
        if not self.has_frames:
            return outputs, None
        n_frames = 1 + self.n_samples // self.engine.hop_size - self.n_frames
        if len(rows) < n_frames:
            # The incomplete segment at the end is no output: the one before it is repeated.
            last = np.repeat(self.last, n_frames - len(rows), axis=0)
            rows = np.concatenate([rows, last])
        return outputs, rows[:n_frames]

    def _hear(self, chunk: Chunk) -> Frames:
        """Take what is kept of a chunk into account; probabilities of its segments, if any."""
        silent = self.peak is not None and not (np.abs(chunk.kept) > self.peak).any()
        if silent:
            self.silence += len(chunk.kept)
            return self._silence(self._n_segments(chunk) if self.has_frames else 0)
        segmentwise = self._segmentwise(chunk)
        n_segments = next(iter(segmentwise.values())).shape[-1]
        heard = np.ones(n_segments, bool)
        if self.peak is not None:
            stride = self.cutter.grid.stride
            heard = loud_segments(chunk.kept, stride, n_segments, self.peak)
            ends = np.append(np.arange(1, n_segments) * stride, len(chunk.kept))
            self.silence += int(np.diff(ends, prepend=0)[~heard].sum())
        if heard.any():
            self._count({name: values[..., heard] for name, values in segmentwise.items()})
        if not self.has_frames:
            return self._silence(0)
        probabilities = segmentwise["probabilities"].T.astype(np.float32)
        return np.where(heard[:, None], probabilities, np.float32(0))

    def _segmentwise(self, chunk: Chunk) -> dict[str, NDArray[Any]]:
        end = None if chunk.n_segments is None else chunk.halo + chunk.n_segments
        found = self.engine.segmentwise(chunk.samples)
        return {name: values[..., chunk.halo : end] for name, values in found.items()}

    def _n_segments(self, chunk: Chunk) -> int:
        """Segments that are kept of a chunk, without hearing it."""
        if chunk.n_segments is not None:
            return chunk.n_segments
        hop = self.engine.hop_size
        return max(1, (1 + len(chunk.samples) // hop) * hop // self.cutter.grid.stride) - chunk.halo

    def _count(self, segmentwise: Mapping[str, NDArray[Any]]) -> None:
        """Add some segments to what is kept of those before."""
        self.n_segments += next(iter(segmentwise.values())).shape[-1]
        for name, of in self.kept.items():
            before, new = self.statistics.get(name), segmentwise[of]
            if name == "maximum":
                largest = new.max(axis=-1)
                self.statistics[name] = largest if before is None else np.maximum(before, largest)
            else:
                total = new.sum(axis=-1, dtype=np.float64)
                self.statistics[name] = total if before is None else before + total

    def _concluded(self) -> Outputs:
        if self.n_segments:
            return self.engine.conclude(self.statistics, self.n_segments)
        sizes = {**self.engine.sizes, "clipwise_output": self.n_classes}
        return {name: np.zeros(sizes[name], np.float32) for name in sizes if name in self.names}

    def _frames(self, segmentwise: Frames) -> Frames:
        """Frames of segments that follow those before, (segments, classes)."""
        if len(segmentwise) == 0:
            return segmentwise
        ratio, lines = self.engine.interpolation
        # The last segment before is a frame already.
        shared = len(self.last) if lines else 0
        joined = np.concatenate([self.last[len(self.last) - shared :], segmentwise])
        self.last = segmentwise[-1:]
        return frames_of(joined, ratio, lines)[shared:]

    def _silence(self, n_rows: int) -> Frames:
        return np.zeros((n_rows, self.n_classes), np.float32)

    def state(self) -> State:
        """All that is needed to go on."""
        parts = {"cutter": self.cutter.state(), "statistics": self.statistics}
        counts = {name: np.asarray(getattr(self, name)) for name in COUNTS}
        return {**nested(parts), **counts, "last": self.last}
