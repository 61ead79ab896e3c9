"""Digital silence goes through no network, and the blocks do not show."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from bursts import noise

from panns_inference.engine.torch_engine import TorchEngine
from panns_inference.models import build
from panns_inference.pipeline.segments import BlockwisePass


@pytest.fixture
def network():
    torch.manual_seed(1)
    return build("PannsMini", 5).eval()


@pytest.fixture
def waveform():
    """3 s of sound, 12 s of silence, 2 s of sound, 4 s of silence and a bit."""
    sound = noise(5 * 32_000)
    silence = [np.zeros(n, np.float32) for n in (12 * 32_000, 4 * 32_000 + 123)]
    return np.concatenate([sound[: 3 * 32_000], silence[0], sound[3 * 32_000 :], silence[1]])


class Counting(TorchEngine):
    """Counts the blocks that go through the network; a hook would switch its fast form off."""

    calls = 0

    def segmentwise(self, waveform):
        self.calls += 1
        return super().segmentwise(waveform)


def heard(network, waveform, block, peak):
    engine = Counting(network, "cpu")
    run = BlockwisePass(engine, block, 5, peak)
    frames = [run.feed(piece) for piece in np.array_split(waveform, 3)]
    outputs, last = run.finish()
    return np.concatenate([*frames, last]), outputs, run.silence, engine.calls


def test_silence_is_not_heard(network, waveform):
    loud, _, none, all_calls = heard(network, waveform, 32_000, None)
    frames, outputs, silence, calls = heard(network, waveform, 32_000, 0.0)
    assert none == 0
    assert calls < all_calls - 5
    # Segments of 0.16 s that hold nothing but zeros.
    samples = waveform[: len(waveform) // 5120 * 5120].reshape(-1, 5120)
    silent = ~samples.any(axis=1)
    silent_frames = np.repeat(silent, 16)
    assert not frames[: len(silent_frames)][silent_frames].any()
    assert np.array_equal(
        frames[: len(silent_frames)][~silent_frames], loud[: len(silent_frames)][~silent_frames]
    )
    assert len(frames) == len(loud) == 1 + len(waveform) // 320
    assert silence == silent.sum() * 5120 + len(waveform) % 5120
    assert outputs["clipwise_output"].max() > 0


def test_the_blocks_do_not_show(network, waveform):
    expected = heard(network, waveform, 10**7, 0.0)
    for block in (5120, 32_000, 100_000):
        found = heard(network, waveform, block, 0.0)
        assert np.allclose(found[0], expected[0], rtol=0, atol=1e-6)
        assert found[2] == expected[2]
        for name, value in expected[1].items():
            assert np.allclose(found[1][name], value, rtol=0, atol=2e-6)


def test_nothing_but_silence(network):
    frames, outputs, silence, calls = heard(network, np.zeros(70_001, np.float32), 32_000, 0.0)
    assert calls == 0
    assert silence == 70_001
    assert frames.shape == (219, 5)
    assert not frames.any()
    assert not outputs["clipwise_output"].any()
    assert outputs["embedding"].shape == (512,)


def test_silence_up_to_a_level(network):
    waveform = noise(64_000) * 1e-4
    assert heard(network, waveform, 32_000, 1e-6)[2] == 0
    assert heard(network, waveform, 32_000, 1e-3)[2] == 64_000


def test_what_a_short_clip_is_padded_with_is_not_its_silence(network):
    clip = noise(3210)
    frames, outputs, silence, _ = heard(network, clip, 32_000, 0.0)
    expected = heard(network, clip, 32_000, None)
    assert silence == 0
    assert np.array_equal(frames, expected[0])
    for name, value in expected[1].items():
        assert np.allclose(outputs[name], value, rtol=0, atol=1e-6)
