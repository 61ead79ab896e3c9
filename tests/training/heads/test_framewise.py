"""The framewise head learns when classes sound: from times, and from clips that only hold them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from panns_inference import AudioTagging, SoundEventDetection
from panns_inference.metrics import Annotation
from panns_inference.models import build
from panns_inference.models.mini import PannsMini
from panns_inference.training.data import Clip, Dataset
from panns_inference.training.heads.detecting import learn
from panns_inference.training.heads.framewise import fit, pooled
from panns_inference.training.heads.segments import Segments, segments_of

RNG = np.random.default_rng(0)
SECONDS = 0.16


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
    return Segments(dataset, values.reshape(-1, 6), owners, SECONDS), sounding.reshape(-1, 2)


def with_times(segments: Segments, sounding: np.ndarray, labels: str = "ab") -> Segments:
    """What is known of some classes is known with its times."""
    clips = list(segments.dataset.clips)
    for k, rows in enumerate(sounding.reshape(len(clips), -1, 2)):
        events = tuple(
            Annotation(SECONDS * (there := np.flatnonzero(column))[0], SECONDS * (there[-1] + 1), x)
            for x, column in zip("ab", rows.T, strict=True)
            if column.any()
        )
        if not set(clips[k].labels) - {*labels}:
            length = SECONDS * len(rows)
            clips[k] = replace(clips[k], offset=length, events=events)
    return replace(segments, dataset=replace(segments.dataset, clips=tuple(clips)))


@pytest.mark.parametrize("labels", ["", "a", "ab"])
def test_segments_are_found_whether_they_are_marked_or_not(labels: str) -> None:
    """Times are known of the recordings of no class, of those of one, or of all."""
    segments, sounding = made()
    segments = with_times(segments, sounding, labels) if labels else segments
    assert segments.is_timed.sum() == {"": 0, "a": 27, "ab": 40}[labels]
    detector = learn(segments)
    found = detector.head.probabilities(segments.values) >= detector.thresholds
    assert (found & sounding).sum() > 0.9 * sounding.sum()
    assert (found & ~sounding).sum() < 0.05 * sounding.sum()


def test_times_tell_apart_what_is_in_the_same_clips() -> None:
    """Two classes that sound in the same clips, one behind the other."""
    segments, sounding = made(200)
    together = sounding.reshape(200, 12, 2).copy()
    together[:, :6, 0] |= together[:, 6:, 1]
    together[:, 6:, 0], together[:, :6, 1] = False, False
    together[:, 6:, 1] = together[:, :6, 0]
    values = RNG.normal(size=segments.values.shape).astype(np.float32)
    values[:, :2] += 6 * together.reshape(-1, 2)
    clips = tuple(
        Clip(Path(f"{k}.wav"), ("a", "b") if each.any() else ()) for k, each in enumerate(together)
    )
    weak = replace(segments, values=values, dataset=Dataset(clips, ("a", "b")))
    timed = with_times(weak, together.reshape(-1, 2))
    timely, guessed = (
        ((fit(each).probabilities(values) >= 0.5) == together.reshape(-1, 2)).mean()
        for each in (timed, weak)
    )
    assert timely > 0.98
    assert guessed < timely - 0.05


def test_a_segment_learns_how_much_of_it_is_filled() -> None:
    events = (Annotation(0.1, 1.0, "a"), Annotation(0.9, 1.13, "a"), Annotation(3.3, 9.9, "b"))
    clips = (
        Clip(Path("x.wav"), ("a",), 0.0, 1.6, events=events),
        Clip(Path("x.wav"), ("a", "b"), 1.6, 3.5, events=events),
        Clip(Path("y.wav"), ("a", "b")),
    )
    owners = np.repeat([0, 1, 2], [10, 12, 4])
    values = np.zeros((26, 1), np.float32)
    found = Segments(Dataset(clips, ("a", "b")), values, owners, SECONDS).shares
    # A hundred thousand points, each in an event or not.
    points = (np.arange(22 * 5000) + 0.5) * SECONDS / 5000
    for column, label in enumerate("ab"):
        inside = np.zeros(len(points), bool)
        for event in events:
            if event.label == label:
                inside |= (points > event.onset) & (points < event.offset)
        expected = inside.reshape(22, 5000).mean(axis=1)
        overlap = 0.1 / SECONDS if label == "a" else 0  # of two events of a class, at most all
        np.testing.assert_allclose(found[:22, column], expected, atol=max(1e-3, overlap))
    assert not found[22:].any()
    assert found.max() == 1


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


def test_a_recording_with_times_is_judged_as_a_whole(tmp_path: Path) -> None:
    """Its parts adjoin, and its segments are those by which `detect` finds events in it."""
    path, rate = tmp_path / "long.wav", 32_000
    soundfile.write(path, RNG.uniform(-0.1, 0.1, 70 * rate), rate)
    events = (Annotation(2.0, 3.0, "a"), Annotation(22.0, 40.0, "b"), Annotation(66.0, 70.0, "a"))
    clips = [Clip(path, ("a",), 0.0, 5.0, events=events), Clip(path, (), 63.0, 69.0, events=events)]
    model = AudioTagging("PannsMini", device="cpu", verbose=False, threads=1)
    assert isinstance(model.network, PannsMini)
    labels = ("b", "a")
    segments = segments_of(model.network, Dataset((*clips, Clip(path, ("b",), 9.0)), labels))
    places = [(clip.onset, clip.offset) for clip in segments.dataset.clips if clip.events]
    assert [onset for onset, _ in places[1:]] == [offset for _, offset in places[:-1]]
    assert (places[0][0], places[-1][1]) == (0.0, 69.0)
    head = model.network.framewise_head[-1]
    columns = [0, 400]
    logits = segments.values @ head.weight[columns, :, 0].detach().numpy().T
    probabilities = 1 / (1 + np.exp(-logits - head.bias[columns].detach().numpy()))
    (scene,) = segments.scenes(probabilities)
    assert scene.duration == 69
    assert scene.events == [*events[:2], Annotation(66.0, 69.0, "a")]
    detector = SoundEventDetection("PannsMini", device="cpu", verbose=False, threads=1)
    framewise = detector.detect(path, framewise=True).framewise
    assert framewise is not None
    expected = framewise[: 16 * len(scene.framewise) : 16, columns]
    # Near the edges of its parts, a segment sees silence instead of its neighbours.
    off = np.abs(scene.framewise - expected).max(axis=1)
    edges = [onset / SECONDS for onset, _ in places[1:]]
    near = np.any([np.abs(np.arange(len(off)) - edge) < 12 for edge in edges], axis=0)
    assert off[:-12][~near[:-12]].max() < 0.02
    assert np.median(off) < 1e-4


def test_of_too_many_clips_some_are_drawn_of_each_class(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in "ab":
        soundfile.write(tmp_path / f"{name}.wav", RNG.uniform(-0.1, 0.1, 64_000), 32_000)
    names = ["b", *"a" * 40, "b"]
    clips = tuple(
        Clip(tmp_path / f"{name}.wav", (name,), 0, None if k % 2 else 2.0, fold=str(k))
        for k, name in enumerate(names)
    )
    network, data = build("PannsMini", 2).eval(), Dataset(clips, ("a", "b"))
    # 2 s have 13 segments: half a minute has no more than are taken, however many clips it is of.
    monkeypatch.setattr("panns_inference.training.heads.segments.MOST_SEGMENTS", 15 * 13)
    few = Dataset(clips[:15], ("a", "b"))
    assert len(segments_of(network, few).dataset.clips) == 15
    found = segments_of(network, data)
    assert 14 <= len(found.dataset.clips) <= 15
    assert found.dataset.targets.sum(axis=0)[1] == 2


def test_segments_are_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clips and whole recordings; what is there again was not decoded, for it is noise by now.

    They are written in blocks of three segments, so that those of a clip lie in several.
    """
    monkeypatch.setattr("panns_inference.similar.windows.BLOCK_BYTES", 3 * 4 * 512)
    events = (Annotation(1.0, 2.0, "a"),)
    for name in "xyz":
        soundfile.write(tmp_path / f"{name}.wav", RNG.uniform(-0.1, 0.1, 96_000), 32_000)
    clips = (
        Clip(tmp_path / "x.wav", ("a",)),
        Clip(tmp_path / "x.wav", ("a",), 1.0, 1.5),
        Clip(tmp_path / "y.wav", ("a",), 0.0, 2.5, events=events),
        Clip(tmp_path / "z.wav", (), 0.5, 3.0),
    )
    network, dataset = build("PannsMini", 1).eval(), Dataset(clips, ("a",))
    assert isinstance(network, PannsMini)
    origin = {"model": "PannsMini", "weights": "1"}
    first = segments_of(network, dataset, origin)
    np.testing.assert_array_equal(first.values, segments_of(network, dataset).values)
    for name in "xyz":
        path = tmp_path / f"{name}.wav"
        state = path.stat()
        soundfile.write(path, RNG.uniform(-0.1, 0.1, 96_000), 32_000)
        if name != "z":
            os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    again = segments_of(network, dataset, origin)
    assert again.dataset == first.dataset
    np.testing.assert_array_equal(again.owners, first.owners)
    is_new = (again.values != first.values).any(axis=1)
    assert [again.dataset.clips[k].path.stem for k in {*again.owners[is_new]}] == ["z"]
    other = segments_of(network, dataset, {**origin, "weights": "2"})
    assert (other.values != first.values).any(axis=1).all()
