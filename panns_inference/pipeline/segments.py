r"""One pass over a recording, block by block: its outputs are those of a single forward pass.

    block --network--> segments --halo dropped--> statistics --> clipwise outputs, at the end
                                            \---> frames, at once

Memory does not grow with the recording.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engine import Engine, Outputs
from .blocks import Block, Cutter, Waveform
from .padding import centred
from .state import SavedState, State, inner, nested

Frames = NDArray[np.float32]
"""Probabilities, (frames, classes) or (segments, classes)."""

COUNTS = ("n_segments", "n_frames", "silence")


class BlockwisePass:
    """Chunks of any size in; frames as they become known; the clipwise outputs at the end.

    Args:
        engine: what computes the network, which has segments.
        block: samples of a block.
        n_classes: number of classes.
        peak: segments whose samples are no larger are silent: they do not count, their framewise
            probabilities are 0, and blocks that keep none but those are not computed. None
            computes everything.
        state: of another pass, to go on where it stood.
    """

    def __init__(
        self,
        engine: Engine,
        block: int,
        n_classes: int,
        peak: float | None = None,
        state: SavedState | None = None,
    ) -> None:
        state = state or {}
        self.engine = engine
        self.n_classes = n_classes
        self.peak = peak
        self.names = engine.output_names or ()
        self.has_frames = "framewise_output" in self.names
        self.kept = dict(engine.statistics or {})
        self.cutter = Cutter(engine, block, inner(state, "cutter"))
        self.statistics: dict[str, NDArray[Any]] = inner(state, "statistics")
        self.n_segments, self.n_frames, self.silence = (int(state.get(n, 0)) for n in COUNTS)
        # Probabilities of the last segment: (1, classes), or none yet.
        self.last: Frames = np.asarray(state.get("last", self._zeros(0)), np.float32)

    @property
    def n_samples(self) -> int:
        """Samples so far."""
        return self.cutter.buffer.end

    def feed(self, samples: Waveform) -> Frames | None:
        """Return the framewise probabilities that are known now, behind those returned before.

        Args:
            samples: what follows, (n,).

        Returns:
            (frames, classes); None if the network has no framewise output.
        """
        rows = [self._frames(self._probabilities(block)) for block in self.cutter.feed(samples)]
        if not self.has_frames:
            return None
        frames = np.concatenate([self._zeros(0), *rows])
        self.n_frames += len(frames)
        return frames

    def finish(self, min_samples: int = 0) -> tuple[Outputs, Frames | None]:
        """Return the clipwise outputs of the recording, and the last frames, if there are any.

        Args:
            min_samples: to which a shorter recording is padded, no more than a block; where silence
                is not computed, none is added.
        """
        block = self.cutter.finish()
        if block.is_whole and self.peak is None:
            return whole_outputs(self.engine, block.samples, min_samples)
        rows = self._frames(self._probabilities(block))
        outputs = self._clipwise()
        if not self.has_frames:
            return outputs, None
        n_frames = 1 + self.n_samples // self.engine.hop_size - self.n_frames
        if len(rows) < n_frames:
            # The incomplete segment at the end is no output: the one before it is repeated.
            last = np.repeat(self.last, n_frames - len(rows), axis=0)
            rows = np.concatenate([rows, last])
        return outputs, rows[:n_frames]

    def _probabilities(self, block: Block) -> Frames:
        """Add what is kept of a block to the statistics; return its segments' probabilities."""
        if self.peak is not None and not (np.abs(block.kept) > self.peak).any():
            self.silence += len(block.kept)
            return self._zeros(self._n_segments(block) if self.has_frames else 0)
        segmentwise = self._segmentwise(block)
        n_segments = next(iter(segmentwise.values())).shape[-1]
        loud = np.ones(n_segments, bool)
        if self.peak is not None:
            stride = self.cutter.grid.stride
            loud = loud_segments(block.kept, stride, n_segments, self.peak)
            starts = np.minimum(np.arange(n_segments) * stride, len(block.kept))
            self.silence += int(np.diff(starts, append=len(block.kept))[~loud].sum())
        if loud.any():
            self._count({name: values[..., loud] for name, values in segmentwise.items()})
        if not self.has_frames:
            return self._zeros(0)
        probabilities = segmentwise["probabilities"].T.astype(np.float32)
        return np.where(loud[:, None], probabilities, np.float32(0))

    def _segmentwise(self, block: Block) -> dict[str, NDArray[Any]]:
        end = None if block.n_segments is None else block.halo + block.n_segments
        found = self.engine.segmentwise(block.samples)
        return {name: values[..., block.halo : end] for name, values in found.items()}

    def _n_segments(self, block: Block) -> int:
        """Segments that are kept of a block, without computing it."""
        if block.n_segments is not None:
            return block.n_segments
        hop = self.engine.hop_size
        return max(1, (1 + len(block.samples) // hop) * hop // self.cutter.grid.stride) - block.halo

    def _count(self, segmentwise: Mapping[str, NDArray[Any]]) -> None:
        """Add some segments to the statistics of those before."""
        self.n_segments += next(iter(segmentwise.values())).shape[-1]
        for name, of in self.kept.items():
            before, new = self.statistics.get(name), segmentwise[of]
            if name == "maximum":
                largest = new.max(axis=-1)
                self.statistics[name] = largest if before is None else np.maximum(before, largest)
            else:
                total = new.sum(axis=-1, dtype=np.float64)
                self.statistics[name] = total if before is None else before + total

    def _clipwise(self) -> Outputs:
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

    def _zeros(self, n_rows: int) -> Frames:
        return np.zeros((n_rows, self.n_classes), np.float32)

    def state(self) -> State:
        """Return all that is needed to go on."""
        states = {"cutter": self.cutter.state(), "statistics": self.statistics}
        counts = {name: np.asarray(getattr(self, name)) for name in COUNTS}
        return {**nested(states), **counts, "last": self.last}


def whole_outputs(
    engine: Engine, waveform: Waveform, min_samples: int
) -> tuple[Outputs, Frames | None]:
    """Return the clipwise outputs of a recording as a clip, and its frames, if there are any.

    Args:
        engine: what computes the network.
        waveform: (samples,).
        min_samples: to which a shorter one is padded.
    """
    clip = centred(waveform, min_samples)
    outputs = {name: value[0] for name, value in engine.outputs(clip[None]).items()}
    return outputs, outputs.pop("framewise_output", None)


def frames_of(segments: Frames, ratio: int, lines: bool) -> Frames:
    """Return the values of frames, as the interpolators of the networks do in torch.

    Args:
        segments: (segments, classes), at least one.
        ratio: frames of a segment.
        lines: whether straight lines lead from a segment to the next, segment t standing at frame
            `t * ratio`; else each is repeated.

    Returns:
        (frames, classes).
    """
    if not lines:
        return np.repeat(segments, ratio, axis=0)
    places = (np.arange(ratio, dtype=np.float32) / np.float32(ratio))[:, None]
    begin, end = segments[:-1, None], segments[1:, None]
    between = (begin + places * (end - begin)).reshape(-1, segments.shape[1])
    return np.concatenate([between, segments[-1:]])


def loud_segments(
    samples: Waveform, stride: int, n_segments: int, peak: float
) -> NDArray[np.bool_]:
    """Return which segments are not silent, (n_segments,); padding behind the samples is not.

    Args:
        samples: of the segments, (n,); what is behind the last whole one belongs to it.
        stride: samples of a segment.
        n_segments: how many segments there are.
        peak: largest magnitude of silence.
    """
    loud = np.arange(n_segments) * stride >= len(samples)
    loud[np.minimum(np.flatnonzero(np.abs(samples) > peak) // stride, n_segments - 1)] = True
    return loud
