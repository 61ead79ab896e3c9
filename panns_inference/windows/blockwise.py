r"""One pass over a recording, block by block: its results are those of a single forward pass.

    chunk --network--> segments --halo dropped--> statistics --> clip values, at the end
                                            \---> frames, at once

Memory does not grow with the recording.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ..models import Network
from ..models.precision import widest
from .cutter import Chunk, Cutter
from .silence import loud_segments
from .waiting import State, Waveform, nested, part_of
from .whole import Frames, Outputs

COUNTS = ("n_segments", "n_frames", "silence")


class BlockwisePass:
    """Samples in pieces of any size in; frames as they become known; the outputs at the end.

    Args:
        network: the network, ready for inference.
        block: samples of a block.
        peak: segments whose samples are no larger are silent: they do not count, their framewise
            probabilities are 0, and chunks that keep none but those are not heard. None hears
            everything.
        state: of another pass, to go on where it stood.
    """

    def __init__(
        self,
        network: Network,
        block: int,
        peak: float | None = None,
        state: Mapping[str, NDArray[np.generic]] | None = None,
    ) -> None:
        state = state or {}
        self.network = network
        self.peak = peak
        self.device = next(network.parameters()).device
        self.has_frames = "framewise_output" in network.output_names
        self.cutter = Cutter(network, block, part_of(state, "cutter"))
        self.statistics = part_of(state, "statistics")
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
        n_frames = 1 + self.n_samples // self.network.hop_size - self.n_frames
        if len(rows) < n_frames:
            # The incomplete segment at the end is no output: the one before it is repeated.
            last = np.repeat(self.last, n_frames - len(rows), axis=0)
            rows = np.concatenate([rows, last])
        return outputs, rows[:n_frames]

    @torch.no_grad()
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
            chosen = torch.from_numpy(np.flatnonzero(heard)).to(self.device)
            self._count({name: v.index_select(-1, chosen) for name, v in segmentwise.items()})
        if not self.has_frames:
            return self._silence(0)
        probabilities = segmentwise["probabilities"][0].T.float().cpu().numpy()
        return np.where(heard[:, None], probabilities, np.float32(0))

    def _segmentwise(self, chunk: Chunk) -> dict[str, Tensor]:
        waveform = torch.from_numpy(chunk.samples)[None].to(self.device)
        missing = max(0, self.network.minimum_samples - waveform.shape[1])
        features = self.network.segment_features(functional.pad(waveform, (0, missing)))
        end = None if chunk.n_segments is None else chunk.halo + chunk.n_segments
        found = self.network.segmentwise(features)
        return {name: values[..., chunk.halo : end] for name, values in found.items()}

    def _n_segments(self, chunk: Chunk) -> int:
        """Segments that are kept of a chunk, without hearing it."""
        if chunk.n_segments is not None:
            return chunk.n_segments
        hop = self.network.hop_size
        return max(1, (1 + len(chunk.samples) // hop) * hop // self.cutter.grid.stride) - chunk.halo

    def _count(self, segmentwise: dict[str, Tensor]) -> None:
        """Add some segments to what is kept of those before."""
        self.n_segments += next(iter(segmentwise.values())).shape[-1]
        for name, value in self.network.statistics(segmentwise).items():
            new = value[0].cpu().numpy()
            if name not in self.statistics:
                self.statistics[name] = new if name == "maximum" else new.astype(np.float64)
            elif name == "maximum":
                self.statistics[name] = np.maximum(self.statistics[name], new)
            else:
                self.statistics[name] = self.statistics[name] + new

    @torch.no_grad()
    def _concluded(self) -> Outputs:
        network = self.network
        if not self.n_segments:
            sizes = {"clipwise_output": network.classes_num, "embedding": network.embedding_size}
            kept = set(network.output_names) & set(sizes)
            return {name: np.zeros(sizes[name], np.float32) for name in kept}
        dtype = widest(self.device)
        given = {
            name: torch.from_numpy(np.asarray(value))[None].to(self.device, dtype)
            for name, value in self.statistics.items()
        }
        found = network.conclude(given, self.n_segments)
        return {name: value[0].float().cpu().numpy() for name, value in found.items()}

    def _frames(self, segmentwise: Frames) -> Frames:
        """Frames of segments that follow those before, (segments, classes)."""
        if len(segmentwise) == 0:
            return segmentwise
        shared = self.network.shared_segments if self.n_frames or len(self.last) else 0
        joined = np.concatenate([self.last[len(self.last) - shared :], segmentwise])
        self.last = segmentwise[-1:]
        with torch.no_grad():
            frames = self.network.framewise(torch.from_numpy(joined)[None])[0].numpy()
        return frames[shared:]

    def _silence(self, n_rows: int) -> Frames:
        return np.zeros((n_rows, self.network.classes_num), np.float32)

    def state(self) -> State:
        """All that is needed to go on."""
        parts = {"cutter": self.cutter.state(), "statistics": self.statistics}
        counts = {name: np.asarray(getattr(self, name)) for name in COUNTS}
        return {**nested(parts), **counts, "last": self.last}
