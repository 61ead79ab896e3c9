"""Samples in memory: every type of number, every layout, every kind of array."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from panns_inference.audio import float32_samples, read
from panns_inference.errors import AudioError, AudioTypeError, AudioWarning, PannsError

# What each integer stands for, in exact arithmetic: (offset, full scale).
SCALES = {"int8": (0, 128), "uint8": (128, 128), "int16": (0, 32_768), "int32": (0, 2**31)}


@given(data=st.data(), name=st.sampled_from(sorted(SCALES)), order=st.sampled_from("<>"))
def test_integers_are_divided_by_their_full_scale(data: Any, name: str, order: str) -> None:
    dtype = np.dtype(name).newbyteorder(order)
    values = data.draw(hnp.arrays(dtype, hnp.array_shapes(min_dims=1, max_dims=3)))
    offset, scale = SCALES[name]
    exact = [np.float32(float(Fraction(int(x) - offset, scale))) for x in values.ravel()]
    samples = float32_samples(values)
    assert (samples.shape, samples.dtype) == (values.shape, np.float32)
    np.testing.assert_array_equal(samples.ravel(), np.array(exact, np.float32))


@pytest.mark.parametrize("name", sorted(SCALES))
def test_full_scale_is_one(name: str) -> None:
    limits = np.iinfo(name)
    lowest, highest = float32_samples(np.array([limits.min, limits.max], name))
    assert lowest == -1
    assert 0.99 < highest <= 1


@given(data=st.data(), name=st.sampled_from(["<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "g"]))
def test_floats_are_kept_as_they_are(data: Any, name: str) -> None:
    values = data.draw(
        hnp.arrays(np.float16, hnp.array_shapes(), elements=st.floats(-2, 2, width=16))
    ).astype(name)
    np.testing.assert_array_equal(float32_samples(values), values.astype(np.float64))


LAYOUTS = {
    "C": lambda x: x,
    "Fortran": np.asfortranarray,
    "reversed": lambda x: x[:, ::-1],
    "every third": lambda x: x[:, ::3],
    "repeated": lambda x: np.broadcast_to(x[0], x.shape),
    "a list": lambda x: x.tolist(),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_layout_becomes_contiguous_and_writable(layout: str) -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (3, 99)).astype(np.float32)
    x.flags.writeable = False
    given_ = LAYOUTS[layout](x)  # type: ignore[no-untyped-call]
    samples = float32_samples(given_)
    assert samples.flags.c_contiguous
    assert samples.flags.writeable
    np.testing.assert_array_equal(samples, np.array(given_, np.float32))
    samples[:] = 0  # and is not the read-only array itself
    assert np.abs(x).max() > 0


def test_an_array_that_is_right_is_not_copied() -> None:
    x = np.zeros((2, 5), np.float32)
    assert np.shares_memory(float32_samples(x), x)


TENSORS = {
    "float32": lambda x: x,
    "float64": lambda x: x.double(),
    "float16": lambda x: x.half(),
    "bfloat16": lambda x: x.bfloat16(),
    "requires a gradient": lambda x: x.clone().requires_grad_(),
    "transposed": lambda x: x.T.contiguous().T,
    "negated view": lambda x: torch.complex(x, -x).conj().imag,
    "int16": lambda x: (x * 32_768).to(torch.int16),
    "uint8": lambda x: (x * 128 + 128).to(torch.uint8),
}


@pytest.mark.parametrize("kind", TENSORS)
def test_tensors_are_read_as_arrays_are(kind: str) -> None:
    x = torch.arange(-8, 8).reshape(2, 8) / 16
    samples = float32_samples(TENSORS[kind](x))  # type: ignore[no-untyped-call]
    assert samples.dtype == np.float32
    np.testing.assert_array_equal(samples, x.numpy())


@pytest.mark.cuda
def test_tensors_on_a_gpu_are_read_as_arrays_are() -> None:
    x = torch.arange(-8, 8, device="cuda") / 16
    np.testing.assert_array_equal(float32_samples(x.bfloat16()), x.cpu().numpy())


NO_SAMPLES = {
    "int64": np.arange(5),
    "a list of integers": [1, 2, 3],
    "uint16": np.arange(5, dtype=np.uint16),
    "bool": np.ones(5, bool),
    "complex": np.ones(5, complex),
    "text": np.array(["a", "b"]),
    "objects": np.array([None, 1.0], object),
    "None": None,
    "dates": np.array(["2020-01-01"], "datetime64[D]"),
    "a tensor of int64": torch.arange(5),
}


@pytest.mark.parametrize("kind", NO_SAMPLES)
def test_types_that_hold_no_samples_are_refused(kind: str) -> None:
    with pytest.raises(AudioTypeError, match=r"values of type .*, which are no samples: give fl"):
        float32_samples(NO_SAMPLES[kind])
    known = "the array has values of type|several recordings where one is expected|None is no rec"
    with pytest.raises(TypeError, match=known):
        read(NO_SAMPLES[kind], 32_000)  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [[[1.0], [1.0, 2.0]], torch.zeros(4).to_sparse()])
def test_what_numpy_cannot_read_is_refused_with_its_words(bad: Any) -> None:
    with pytest.raises(AudioTypeError, match=r"my array is of type (list|Tensor), which holds no"):
        float32_samples(bad, "my array")


@pytest.mark.parametrize("content", [b"RIFF", bytearray(b"RIFF")])
def test_the_bytes_of_a_file_are_no_samples(content: Any) -> None:
    with pytest.raises(AudioTypeError, match=r"the array is bytes, not samples: tag\(\) and"):
        float32_samples(content)


def test_doubles_beyond_float32_are_refused_as_infinite() -> None:
    with pytest.raises(AudioError, match=r"has a sample of inf at 0\.000 s"):
        read(np.array([1e300]), 32_000)


def test_channels_are_mixed_by_their_mean() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (5, 40_000))
    np.testing.assert_allclose(read(x, 32_000), x.mean(axis=0), atol=1e-7)
    np.testing.assert_array_equal(read(x[:1], 32_000), x[0].astype(np.float32))
    np.testing.assert_array_equal(read(x[0], 32_000), x[0].astype(np.float32))
    with pytest.warns(AudioWarning, match="cancel each other"):
        assert np.abs(read(np.stack([x[0], -x[0]]), 32_000)).max() == 0


@pytest.mark.parametrize("n_channels", [1, 2, 8])
@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy])
def test_channels_may_be_columns(n_channels: int, kind: Any) -> None:
    x = np.random.default_rng(0).integers(-(2**15), 2**15, (n_channels, 40_000)).astype(np.int16)
    columns = np.ascontiguousarray(x.T)
    np.testing.assert_array_equal(read(kind(columns), 32_000), read(x, 32_000))
    last = read(kind(columns), 32_000, channel=n_channels)
    np.testing.assert_array_equal(last, (x[-1] / 32_768).astype(np.float32))


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (
            (),
            r"has the shape \(\); expected \(samples,\), \(channels, samples\) or \(samples, chan",
        ),
        ((2, 3, 4), r"has the shape \(2, 3, 4\); expected"),
        ((60, 2), r"would be 60 channels of 2 samples; .* give its transpose `\.T`"),
        ((1001, 64), r"would be 1001 channels of 64 samples; .* a spectrogram is no waveform"),
        ((3000, 13), r"would be 3000 channels of 13 samples; .* give its transpose `\.T`"),
        (
            (65, 32_000),
            r"would be 65 channels of 32000 samples; .* if it is a batch, give list\(.*",
        ),
        ((2, 1, 100), r"the shape \(2, 1, 100\); .* give the clips of a batch as a list"),
        ((0,), r"the array holds no samples"),
        ((2, 0), r"the array holds no samples"),
        ((0, 10), r"the array holds no samples"),
    ],
)
def test_shapes_that_are_no_recording_are_refused(shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(AudioError, match=message):
        read(np.zeros(shape, np.float32), 32_000)


@pytest.mark.parametrize("rate", [0, -1, 99, 10_000_001, 44_100.5, "44100", None, float("inf")])
def test_a_sample_rate_that_cannot_be_meant_is_refused(rate: Any) -> None:
    x = np.zeros(100, np.float32)
    if rate is None:  # means: it is at that rate already
        assert len(read(x, 32_000, sample_rate=rate)) == 100
        return
    with pytest.raises(ValueError, match=r"sample_rate=.* is no sample rate") as caught:
        read(x, 32_000, sample_rate=rate)
    assert isinstance(caught.value, PannsError)
