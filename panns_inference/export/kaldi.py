"""The Kaldi front-end as ONNX operators: waveform to log-mel, in float32 as in `models.kaldi`.

The power that is added before the logarithm is far above what float32 rounds away.
"""

from __future__ import annotations

import numpy as np

from ..models.kaldi import CENTRE, FLOOR, PRE_EMPHASIS, SCALE, KaldiLogmel
from .frontend import framed, in_bands, transformed
from .graph import Graph, Value

END = np.iinfo(np.int64).max
"""Behind the last element, for slices."""


def kaldi_logmel(graph: Graph, extractor: KaldiLogmel, waveform: Value) -> Value:
    """The log-mel spectrogram, (batch, 1, frames, mel bins) in float32.

    Args:
        graph: where the nodes are added.
        extractor: the layer of the network.
        waveform: (batch, samples).
    """
    later = graph.add("Slice", waveform, [1], [END], [1])
    earlier = graph.add("Slice", waveform, [0], [-1], [1])
    emphasised = graph.add("Sub", later, graph.add("Mul", earlier, PRE_EMPHASIS))
    margin = extractor.n_fft // 2
    padded = graph.add("Pad", emphasised, [0, margin, 0, margin], mode="reflect")
    frames = framed(graph, padded, extractor.n_fft, extractor.hop_size)
    power = transformed(graph, frames, extractor.window.float().cpu().numpy())
    bands = in_bands(graph, power, extractor.mel.float().cpu().numpy())
    levels = graph.add("Log", graph.add("Add", bands, FLOOR))
    image = graph.add("Div", graph.add("Sub", levels, CENTRE), SCALE)
    return graph.add("Unsqueeze", image, [1])
