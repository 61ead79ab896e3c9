"""`inference(audio)`: what it takes and what it returns, as in 0.1.1 or mended."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from callers import NOISE

from panns_inference import AudioTagging, SoundEventDetection
from panns_inference.errors import AudioError, AudioTypeError


def test_what_tagging_returns(both: tuple[AudioTagging, SoundEventDetection]) -> None:
    tagger, _ = both
    result = tagger.inference(np.random.default_rng(0).normal(0, 0.1, (2, 32000)))
    assert type(result) is tuple
    clipwise, embedding = result
    for array, width in ((clipwise, 527), (embedding, 2048)):
        assert type(array) is np.ndarray
        assert array.dtype == np.float32
        assert array.shape == (2, width)
        array[0, 0] = 2.0  # writable
    assert 0 <= clipwise[1].min() <= clipwise[1].max() <= 1
    assert embedding[1].min() >= 0
    assert not tagger.model.training


@pytest.mark.parametrize(
    ("n_samples", "n_frames"), [(320000, 1001), (319999, 1000), (32000, 101), (9920, 32), (1, 1)]
)
def test_what_detection_returns(
    both: tuple[AudioTagging, SoundEventDetection], n_samples: int, n_frames: int
) -> None:
    x = np.random.default_rng(0).normal(0, 0.1, (1, n_samples))
    framewise = both[1].inference(x)
    assert type(framewise) is np.ndarray
    assert framewise.dtype == np.float32
    assert framewise.shape == (1, n_frames, 527)
    assert framewise.flags.writeable


def test_rows_do_not_depend_on_the_batch(small: AudioTagging) -> None:
    x = np.random.default_rng(0).normal(0, 0.1, (3, 30000)).astype(np.float32)
    whole = small.inference(x)[0]
    for row, clip in zip(whole, x, strict=True):
        assert np.allclose(small.inference(clip[None])[0][0], row, atol=1e-6)


def read_only(x: np.ndarray) -> np.ndarray:
    x = x.copy()
    x.flags.writeable = False
    return x


@pytest.mark.parametrize(
    "given",
    [
        NOISE.astype(np.float64),
        NOISE.astype(">f4"),
        np.asfortranarray(NOISE),
        read_only(NOISE),
        np.repeat(NOISE, 2, axis=1)[:, ::2],
        NOISE[:, ::-1].copy()[:, ::-1],
        NOISE.tolist(),
        NOISE[:, None],
        torch.from_numpy(NOISE),
        torch.from_numpy(NOISE).double(),
        torch.from_numpy(NOISE).requires_grad_(),
    ],
    ids=[
        "float64", "big-endian", "Fortran", "read-only", "stride", "negative stride", "list",
        "one channel", "tensor", "float64 tensor", "tensor with gradient",
    ],
)  # fmt: skip
def test_every_way_to_give_the_same_samples(small: AudioTagging, given: object) -> None:
    expected = small.inference(NOISE)
    found = small.inference(given)
    assert np.array_equal(found[0], expected[0])
    assert np.array_equal(found[1], expected[1])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_samples(small: AudioTagging, dtype: torch.dtype) -> None:
    given = torch.from_numpy(NOISE).to(dtype)
    assert np.array_equal(small.inference(given)[0], small.inference(given.float())[0])


@pytest.mark.parametrize(("dtype", "full_scale"), [("i2", 2.0**15), ("i4", 2.0**31)])
def test_integers_are_scaled(small: AudioTagging, dtype: str, full_scale: float) -> None:
    integers = (NOISE * full_scale).astype(dtype)
    expected = small.inference(integers / full_scale)
    assert np.allclose(small.inference(integers)[0], expected[0], atol=1e-6)
    assert np.allclose(small.inference(torch.from_numpy(integers))[0], expected[0], atol=1e-6)


def test_one_clip_without_a_batch(small: AudioTagging) -> None:
    assert np.array_equal(small.inference(NOISE[0])[0], small.inference(NOISE[:1])[0])


def test_two_rows_are_two_clips(small: AudioTagging) -> None:
    assert small.inference(NOISE)[0].shape == (2, 527)


def test_an_empty_batch(both: tuple[AudioTagging, SoundEventDetection]) -> None:
    clipwise, embedding = both[0].inference(np.zeros((0, 32000)))
    assert clipwise.shape == (0, 527)
    assert embedding.shape == (0, 2048)
    assert both[1].inference(np.zeros((0, 32000))).shape == (0, 101, 527)


@pytest.mark.parametrize("n_samples", [1, 320, 512, 513, 9919])
def test_short_clips_are_padded(
    both: tuple[AudioTagging, SoundEventDetection], n_samples: int
) -> None:
    x = np.random.default_rng(0).normal(0, 0.1, (1, n_samples))
    padded = np.pad(x, ((0, 0), (0, 9920 - n_samples)))
    assert np.array_equal(both[0].inference(x)[0], both[0].inference(padded)[0])
    framewise = both[1].inference(x)
    assert framewise.shape == (1, n_samples // 320 + 1, 527)
    assert np.array_equal(framewise, both[1].inference(padded)[:, : n_samples // 320 + 1])


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (np.zeros((1, 0)), ValueError, "no samples"),
        (np.zeros((2, 2, 100)), ValueError, "mix channels first"),
        (np.zeros(()), ValueError, r"\(batch, samples\)"),
        ("street.wav", TypeError, r"tag\('street\.wav'\)"),
        (b"street.wav", TypeError, "bytes"),
        (None, TypeError, "samples"),
        (np.zeros((1, 100), complex), TypeError, "complex"),
    ],
    ids=["empty", "stereo", "scalar", "path", "bytes", "None", "complex"],
)
def test_what_is_no_waveform(
    tagger: AudioTagging, given: object, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as raised:
        tagger.inference(given)
    assert isinstance(raised.value, AudioTypeError if error is TypeError else AudioError)


def test_nan_gives_nan(both: tuple[AudioTagging, SoundEventDetection]) -> None:
    x = np.zeros((1, 32000), np.float32)
    x[0, 16000] = np.nan
    assert np.isnan(both[0].inference(x)[0]).all()


def test_no_gradient_and_evaluation_mode(tagger: AudioTagging) -> None:
    seen = []
    tagger.model.train()
    tagger.model.register_forward_hook(lambda *_: seen.append(torch.is_grad_enabled()))
    tagger.inference(np.zeros((1, 100)))
    assert seen == [False]
    assert not tagger.model.training


def test_the_network_can_be_tuned(small: AudioTagging) -> None:
    network = small.model.train()
    embedding = network(torch.from_numpy(NOISE))["embedding"]
    assert embedding.requires_grad
    embedding.sum().backward()
    assert float(network.fc1.weight.grad.abs().sum()) > 0
    network.zero_grad()
