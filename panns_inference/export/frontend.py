"""The front-end as ONNX operators: waveform to log-mel.

ONNX has transforms of its own, but in ONNX Runtime they are slower than what stands here. With
N = A x B samples of a frame, sample n = B i + j and bin k = p + A q, the transform is two matrix
products, and of the bins those with p up to A / 2 say it all, since the samples are real:

    frames x[i, j] --(p, i)--> [p, j] --(j, q), one matrix for each p--> [p, q] --|.|^2--> power

Bins stay in the order in which they come: the mel matrix is put in that order instead. All up to
the decibels is computed in float64, as in `models.frontend`.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..models.frontend import LogmelFilterBank, Spectrogram
from .graph import Graph, Value


class Power(NamedTuple):
    """Power of the frames.

    Attributes:
        value: (rows, batch, frames, width), in the type of the window.
        rows: number of rows.
        width: values of a row.
        bins: place of each bin among all rows' values.
    """

    value: Value
    rows: int
    width: int
    bins: NDArray[np.int64]


def power(graph: Graph, extractor: Spectrogram, waveform: Value) -> Power:
    """The power spectrum of centred frames.

    Args:
        graph: where the nodes are added.
        extractor: the layer of the network.
        waveform: (batch, samples).
    """
    from onnx import TensorProto

    margin = extractor.n_fft // 2
    padded = graph.add("Pad", waveform, [0, margin, 0, margin], mode=extractor.pad_mode)
    window = extractor.stft.window()
    if window is None:
        return _filtered(graph, extractor, padded)
    frames = framed(graph, padded, extractor.n_fft, extractor.hop_length)
    exact = graph.add("Cast", frames, to=TensorProto.DOUBLE)
    return transformed(graph, exact, window.cpu().numpy())


def framed(graph: Graph, padded: Value, n_fft: int, hop: int) -> Value:
    """Overlapping frames, (batch, frames, n_fft): gathered in the largest pieces that fit both.

    Args:
        graph: where the nodes are added.
        padded: (batch, samples), at least `n_fft`.
        n_fft: samples of a frame.
        hop: samples from a frame to the next.
    """
    piece = math.gcd(n_fft, hop)
    n_samples = graph.length(padded, 1)
    n_pieces = graph.add("Div", n_samples, piece)
    end = graph.add("Unsqueeze", graph.add("Mul", n_pieces, piece), [0])
    whole = graph.add("Slice", padded, [0], end, [1])
    pieces = graph.add("Reshape", whole, [0, -1, piece])
    n_frames = graph.add("Add", graph.add("Div", graph.add("Sub", n_samples, n_fft), hop), 1)
    firsts = graph.add("Range", 0, graph.add("Mul", n_frames, hop // piece), hop // piece)
    offsets = np.arange(n_fft // piece)[None]
    chosen = graph.add("Add", graph.add("Unsqueeze", firsts, [1]), offsets)
    return graph.add("Reshape", graph.add("Gather", pieces, chosen, axis=1), [0, 0, n_fft])


def transformed(graph: Graph, frames: Value, window: NDArray[np.floating[Any]]) -> Power:
    """The power spectrum of frames.

    Args:
        graph: where the nodes are added.
        frames: (batch, frames, n_fft), in the type of the window.
        window: (n_fft,), in the type in which all is computed.
    """
    n_fft = len(window)
    high = max(a for a in range(1, math.isqrt(n_fft) + 1) if n_fft % a == 0)
    wide, rows = n_fft // high, high // 2 + 1
    windowed = graph.add("Mul", frames, window)
    grid = graph.add("Reshape", windowed, [0, 0, high, wide])
    p, j = np.arange(rows), np.arange(wide)
    first = np.exp(-2j * np.pi * np.outer(p, np.arange(high)) / high)
    factors = np.stack([first.real, first.imag], axis=1).reshape(2 * rows, high)
    columns = graph.add("MatMul", factors.astype(window.dtype), grid)
    # (batch, frames, p and part, j) -> (p, batch, frames, part and j)
    apart = graph.add("Reshape", columns, [0, 0, rows, 2 * wide])
    by_row = graph.add("Transpose", apart, perm=[2, 0, 1, 3])
    angle = p[:, None, None] * j[:, None] / n_fft + np.outer(j, j) / wide
    second = np.exp(-2j * np.pi * angle)
    matrices = np.block([[second.real, second.imag], [-second.imag, second.real]])
    spectrum = graph.add("MatMul", by_row, matrices[:, None].astype(window.dtype))
    halves = [graph.add("Slice", spectrum, [a], [a + wide], [3]) for a in (0, wide)]
    real, imag = (graph.add("Mul", half, half) for half in halves)
    return Power(graph.add("Add", real, imag), rows, wide, _places(n_fft, high, wide))


def _places(n_fft: int, high: int, wide: int) -> NDArray[np.int64]:
    """Where the bins 0 to n_fft / 2 are; one whose row is left out is where its mirror image is."""
    bins = np.arange(n_fft // 2 + 1)
    found = np.where(bins % high <= high // 2, bins, n_fft - bins)
    return np.asarray(found % high * wide + found // high)


def _filtered(graph: Graph, extractor: Spectrogram, padded: Value) -> Power:
    """Filters that are no transform, for somebody has trained them."""
    from onnx import TensorProto

    banks = [bank.detach().float().cpu().numpy() for bank in extractor.stft.banks]
    line = graph.add("Unsqueeze", padded, [1])
    found = [graph.add("Conv", line, bank, strides=[extractor.hop_length]) for bank in banks]
    real, imag = (graph.add("Mul", each, each) for each in found)
    rows = graph.add("Transpose", graph.add("Add", real, imag), perm=[0, 2, 1])
    exact = graph.add("Cast", graph.add("Unsqueeze", rows, [0]), to=TensorProto.DOUBLE)
    return Power(exact, 1, len(banks[0]), np.arange(len(banks[0])))


def decibels(graph: Graph, extractor: LogmelFilterBank, given: Power) -> Value:
    """The log-mel spectrogram, (batch, 1, frames, mel bins) in float32.

    Args:
        graph: where the nodes are added.
        extractor: the layer of the network.
        given: of the frames.
    """
    from onnx import TensorProto

    bands = in_bands(graph, given, extractor.melW.detach().double().cpu().numpy())
    logarithm = graph.add("Log", graph.add("Max", bands, np.asarray(float(extractor.amin))))
    levels = graph.add("Mul", logarithm, np.asarray(10 / math.log(10)))
    reference = 10 * math.log10(max(extractor.amin, extractor.ref))
    exact = graph.add("Sub", levels, np.asarray(reference))
    return graph.add("Unsqueeze", graph.add("Cast", exact, to=TensorProto.FLOAT), [1])


def in_bands(graph: Graph, given: Power, mel: NDArray[np.floating[Any]]) -> Value:
    """Power in mel bands, (batch, frames, mel bins).

    Args:
        graph: where the nodes are added.
        given: of the frames.
        mel: matrix of the filters, (bins, mel bins), in the type of the power.
    """
    placed = np.zeros((given.rows * given.width, mel.shape[1]), mel.dtype)
    placed[given.bins] = mel
    matrices = placed.reshape(given.rows, 1, given.width, mel.shape[1])
    return graph.add("ReduceSum", graph.add("MatMul", given.value, matrices), [0], keepdims=0)
