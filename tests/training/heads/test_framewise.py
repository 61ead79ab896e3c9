"""The framewise head finds when a class sounds, of which only the clips are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
import torch

from panns_inference.models import build
from panns_inference.models.mini import PannsMini
from panns_inference.training.data import Clip, Dataset
from panns_inference.training.heads.framewise import (
    MOST_SEGMENTS,
    Segments,
    pooled,
    segments_of,
)

RNG = np.random.default_rng(0)


def test_a_clip_is_the_mean_of_its_segments_by_their_own_weight() -> None:
    found, owners = RNG.random((7, 2)), np.array([0, 0, 2, 2, 2, 0, 2])
    expected = np.zeros((3, 2))
    for clip in (0, 2):
        rows = found[owners == clip]
        expected[clip] = (rows**2).sum(axis=0) / rows.sum(axis=0)
    given = torch.from_numpy(found), torch.from_numpy(owners)
    np.testing.assert_allclose(pooled(*given, 3).numpy(), expected)


def made(n_clips: int = 40, n_segments: int = 12) -> tuple[Segments, np.ndarray]:
    """Clips in which a class sounds in a few segments: its values are larger there."""
    sounding = np.zeros((n_clips, n_segments, 2), bool)
    clips = []
    for k in range(n_clips):
        label = k % 3  # the third kind is silence
        if label < 2:
            first = RNG.integers(n_segments - 3)
            sounding[k, first : first + 3, label] = True
        clips.append(Clip(Path(f"{k}.wav"), ("ab"[label],) if label < 2 else ()))
    values = RNG.normal(size=(n_clips, n_segments, 6)).astype(np.float32)
    values[..., :2] += 6 * sounding
    owners = np.repeat(np.arange(n_clips), n_segments)
    dataset = Dataset(tuple(clips), ("a", "b"))
    return Segments(dataset, values.reshape(-1, 6), owners), sounding.reshape(-1, 2)


def test_segments_are_found_that_nobody_has_marked() -> None:
    segments, sounding = made()
    head, thresholds = segments.learn()
    found = head.probabilities(segments.values) >= thresholds
    assert (found & sounding).sum() > 0.9 * sounding.sum()
    assert (found & ~sounding).sum() < 0.05 * sounding.sum()


def test_some_clips_are_taken_with_their_segments() -> None:
    segments, _ = made()
    mask = np.arange(40) % 5 == 0
    some = segments.where(mask)
    assert some.dataset.clips == segments.dataset.clips[::5]
    np.testing.assert_array_equal(
        some.values.reshape(8, 12, 6), segments.values.reshape(40, 12, 6)[::5]
    )
    assert some.owners.tolist() == np.repeat(range(8), 12).tolist()


def test_segments_are_those_of_the_network(tmp_path: Path) -> None:
    network = build("PannsMini", 3).eval()
    assert isinstance(network, PannsMini)
    lengths = (16_000, 80_000)
    clips = []
    for k, length in enumerate(lengths):
        path = tmp_path / f"{k}.wav"
        soundfile.write(path, RNG.uniform(-0.1, 0.1, length), 32_000)
        clips.append(Clip(path, ("a",)))
    found = segments_of(network, Dataset(tuple(clips), ("a",)))
    assert np.bincount(found.owners).tolist() == [4, 16]
    waveform, _ = soundfile.read(clips[1].path, dtype="float32")
    with torch.inference_mode():
        features = network.segment_features(torch.from_numpy(waveform)[None])
        expected = network.framewise_logits(features)[0]
        logits = network.framewise_head[-1](torch.from_numpy(found.values[4:]).T[None])[0]
    torch.testing.assert_close(logits, expected[:, :16], rtol=1e-4, atol=1e-4)


def test_of_too_many_clips_some_are_drawn(monkeypatch: object, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, RNG.uniform(-0.1, 0.1, 16_000), 32_000)
    clips = tuple(Clip(path, ("a",), fold=str(k)) for k in range(5))
    network = build("PannsMini", 1).eval()
    monkeypatch.setattr("panns_inference.training.heads.framewise.MOST_SEGMENTS", 3 * 188)
    found = segments_of(network, Dataset(clips, ("a",)))
    assert len(found.dataset.clips) == 3 < MOST_SEGMENTS
