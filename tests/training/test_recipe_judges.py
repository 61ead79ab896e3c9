"""The judges of PannsMini's recipe: soundscapes, events, presentations, chance, calibration."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression

from panns_inference import AudioTagging
from panns_inference.audio import read
from panns_inference.audioset import labels
from panns_inference.metrics import Annotation, Counts
from panns_inference.models.mini import PannsMini
from panns_inference.pipeline import DetectionTask
from panns_inference.training.distillation.loss import LabelledBatch
from panns_inference.training.distillation.recordings import Recordings, write_recordings
from recipes.mini.calibration import (
    Labelled,
    Scaling,
    calibration_error,
    fitted,
    observed,
    reliability,
)
from recipes.mini.collection import WINDOW, Sounds, Window
from recipes.mini.confidence import difference
from recipes.mini.detection import (
    Collection,
    Heard,
    Soundscape,
    heard,
    scores,
    summed,
)
from recipes.mini.detection_figures import chosen
from recipes.mini.detectors import COLUMNS, FIGURES, rows
from recipes.mini.false_events import QUIET, stretches
from recipes.mini.folded import folded
from recipes.mini.presentations import IN_SILENCE, WAYS, presented
from recipes.mini.release import half_of, read_weights
from recipes.mini.scenes import Event
from recipes.mini.soundscapes import AT_ONCE, SECONDS, at_once, joined, soundscapes
from recipes.mini.validation import sigmoid

RATE = 32000


def heard_events(*sounds: Annotation, above: float, seconds: int = 10) -> Heard:
    """Probabilities that are `above` where a sound is, and small elsewhere."""
    framewise = np.full((100 * seconds + 1, 2), 0.01, np.float32)
    for sound in sounds:
        column = ["Dog", "Cat"].index(sound.label)
        framewise[round(100 * sound.onset) : round(100 * sound.offset), column] = above
    return Heard(framewise, Soundscape(np.zeros(RATE * seconds, np.float32), [*sounds]))


@pytest.mark.filterwarnings("ignore:.* has no framewise probabilities")
def test_networks_are_judged_through_the_package_as_by_themselves(street: Path) -> None:
    truth = [Annotation(0.4, 4.3, "Speech"), Annotation(6.0, 7.0, "Telephone")]
    columns = {name: (labels.index(name),) for name in ("Speech", "Telephone")}
    some = {"street": Collection([Soundscape(read(street, RATE), truth)], columns)}
    model = AudioTagging("PannsMini", device="cpu")
    found = list(rows(DetectionTask(model, framewise=True), some))
    alone = heard(model.network, some["street"])
    for *of, method, threshold, event_f1, _, event_recall, segment_f1, _, _ in found:
        assert of == ["PannsMini", "", "", "street"]
        events, segments = summed(scores(alone, [*columns], method=method, threshold=threshold))
        figures = (events.f1, events.recall, segments.f1)
        assert (event_f1, event_recall, segment_f1) == tuple(f"{each:.3f}" for each in figures)
    assert len({segment_f1 for *_, segment_f1, _, _ in found}) > 1
    slides = AudioTagging("mn01_as", pretrained=False, device="cpu")
    first, *_ = rows(DetectionTask(slides, framewise=True, window=2, hop=0.5), some)
    assert first[:4] == ["mn01_as", 2, 0.5, "street"]
    assert len(first) == len(COLUMNS) + 2 * len(FIGURES)


def test_events_that_the_package_finds_are_scored_and_the_best_threshold_is_chosen() -> None:
    sound = Annotation(2.0, 4.0, "Dog")
    each = [heard_events(sound, above=0.3), heard_events(Annotation(1.0, 5.0, "Cat"), above=0.3)]
    # Of nothing, once: a class that is louder than it should be below .2.
    each[0].framewise[700:800, 1] = 0.18
    for threshold, expected in ((0.5, (0, 0, 2)), (0.2, (2, 0, 0)), (0.1, (2, 1, 0))):
        assert summed(scores(each, ["Dog", "Cat"], threshold=threshold)).events == Counts(*expected)
    best = chosen(each, ["Dog", "Cat"], "the threshold alone").rules["threshold"]
    assert 0.18 < best <= 0.3


def test_ways_to_present_a_sound() -> None:
    sound = np.ones(RATE, np.float32)
    ways = {name: way(sound) for name, way in WAYS.items()}
    seconds = {name: len(each) / RATE for name, each in ways.items()}
    assert seconds == {
        "in the middle of 2 s": 2,
        "in the middle of 5 s": 5,
        "2 s with zeros behind": 2,
        "5 s with zeros behind": 5,
        "repeated to 5 s": 5,
    }
    # One second of sound, and of the repeated one those that begin at 0, 1.5, 3 and, cut, 4.5.
    assert [each.sum() / RATE for each in ways.values()] == [1, 1, 1, 1, 3.5]
    assert ways["in the middle of 5 s"][2 * RATE : 3 * RATE].all()
    long = np.ones(6 * RATE, np.float32)
    assert all(np.array_equal(way(long), long) for way in WAYS.values())


def test_in_silence_is_the_mean_in_logits() -> None:
    def tagger(waveforms: list[NDArray[np.float32]]) -> NDArray[np.float64]:
        return np.asarray([[0.5 if each.sum() < 2 * RATE else 0.9] for each in waveforms])

    sounds = [np.ones(RATE, np.float32), np.ones(6 * RATE, np.float32)]
    found = presented(tagger, sounds, np.asarray([[0.2], [0.4]]))
    # Odds of 1 and of 9: their geometric mean is 3. What is long stays what it is.
    assert found[IN_SILENCE][:, 0] == pytest.approx([0.75, 0.4])
    assert {*found} == {*WAYS, IN_SILENCE}


def test_a_difference_is_more_than_chance_where_all_sources_have_it() -> None:
    draw = np.random.default_rng(3)
    groups = [number // 10 for number in range(200)]
    theirs = np.stack([draw.normal(0, 1, 200), np.ones(200)], axis=1)
    better = theirs + np.asarray([0.5, 0])
    found = difference(better, theirs, groups)
    assert found.value == pytest.approx(0.5)
    assert found.is_more_than_chance
    # In a single source alone, ten times as much of it may be chance.
    once = theirs.copy()
    once[:10, 0] += 5
    assert not difference(once, theirs, groups).is_more_than_chance


def test_the_interval_is_that_of_the_normal_distribution() -> None:
    draw = np.random.default_rng(4)
    values = draw.normal(0, 2, 400)
    ours = np.stack([values, np.ones(400)], axis=1)
    none = np.stack([np.zeros(400), np.ones(400)], axis=1)
    found = difference(ours, none, range(400))
    half = 1.96 * values.std() / 20
    assert found.low == pytest.approx(values.mean() - half, abs=0.02)
    assert found.high == pytest.approx(values.mean() + half, abs=0.02)


def test_a_pair_is_that_of_logistic_regression() -> None:
    draw = np.random.default_rng(5)
    logits = draw.normal(0, 2, (4000, 1))
    targets = (draw.random((4000, 1)) < sigmoid(0.6 * logits - 1)).astype(float)
    scaling = fitted(Labelled(logits, targets))
    expected = LogisticRegression(C=np.inf).fit(logits, targets[:, 0])
    # The points of the common curve lie on the same curve: they change nothing.
    assert scaling.scale[0] == pytest.approx(expected.coef_[0, 0], rel=1e-3)
    assert scaling.offset[0] == pytest.approx(expected.intercept_[0], rel=1e-3)


def test_a_class_of_which_there_is_little_keeps_to_the_common_pair() -> None:
    draw = np.random.default_rng(6)
    logits = draw.normal(0, 2, (30_000, 3))
    targets = sigmoid(0.5 * logits + 1)
    targets[:, 1] = sigmoid(2 * logits[:, 1] - 1)
    # The third is never near a half, and wrong.
    logits[:, 2], targets[:, 2] = -8, 1e-5
    scaling = fitted(Labelled(logits, targets))
    common = fitted(Labelled(logits[:, :1], targets[:, :1]))
    assert (common.scale[0], common.offset[0]) == pytest.approx((0.5, 1), abs=1e-6)
    assert scaling.scale[1] > 1.7
    middle = sigmoid(scaling(np.zeros((1, 3))))[0]
    assert middle[0] > 0.6
    assert middle[1] < 0.4
    assert 0.3 < middle[2] < 0.8


def test_the_calibration_error_is_that_of_scikit_learns_curve() -> None:
    draw = np.random.default_rng(7)
    p = draw.uniform(0.1, 1, 5000)
    truth = draw.random(5000) < p**2
    fraction, mean = calibration_curve(truth, (p - 0.1) / 0.9, n_bins=9)
    counts = np.histogram(p, np.linspace(0.1, 1, 10))[0]
    expected = (np.abs(fraction - (0.1 + 0.9 * mean)) * counts).sum() / counts.sum()
    assert calibration_error(p, truth.astype(float)) == pytest.approx(expected, rel=1e-6)


def test_reliability_is_what_the_labels_say() -> None:
    p = np.asarray([[0.05, 0.5, 0.55, 0.9]])
    found = reliability(np.log(p / (1 - p)), np.asarray([[0.3, 0.2, 0.3, 0.9]]))
    assert found.error == pytest.approx((0.3 + 0.25) / 3)
    assert found.half == pytest.approx(0.25)


def test_a_last_layer_takes_the_pairs_in() -> None:
    layer = torch.nn.Linear(4, 3)
    scaling = Scaling(np.asarray([1.0, 2.0, 0.5]), np.asarray([0.0, -1.0, 3.0]))
    x = torch.randn(5, 4, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        before = layer(x).double().numpy()
        scaling.into(layer.weight, layer.bias)
        np.testing.assert_allclose(layer(x).numpy(), scaling(before), atol=1e-5)


def test_calibrated_layers_give_calibrated_logits() -> None:
    torch.manual_seed(2)
    network = PannsMini(32000, 800, 320, 128, 0, 15000, 3).eval()
    draw = torch.Generator().manual_seed(2)
    batch = LabelledBatch(
        torch.randn(2, 1, 161, 128, generator=draw),
        torch.rand(2, 3, generator=draw),
        torch.rand(2, 1, 3, generator=draw),
        torch.rand(2, 1, 11, generator=draw),
        torch.tensor([1.0, 0.0]),
    )
    clips, segments = observed(network, [batch, batch])
    # Segments are those of the clip whose sounds are known.
    assert clips.logits.shape == clips.targets.shape == (4, 3)
    assert segments.logits.shape == segments.targets.shape == (22, 3)
    share, sound = batch.active[0, 0], batch.sounds[0, 0]
    np.testing.assert_allclose(segments.targets[:11], share[:, None] * sound, rtol=1e-6)
    scaling = Scaling(np.asarray([1.0, 2.0, 0.5]), np.asarray([0.0, -1.0, 3.0]))
    for layer in (network.fc_audioset, network.framewise_head[-1]):
        scaling.into(layer.weight, layer.bias)
    after = observed(network, [batch, batch])
    for one, other in zip((clips, segments), after, strict=True):
        np.testing.assert_allclose(other.logits, scaling(one.logits), atol=1e-5)


def noise(seconds: float, seed: int, decibels: float = -20) -> NDArray[np.float32]:
    n_samples = round(seconds * RATE)
    level = np.float32(10 ** (decibels / 20))
    return level * np.random.default_rng(seed).standard_normal(n_samples).astype(np.float32)


@pytest.fixture
def held_out(tmp_path: Path) -> tuple[Recordings, Sounds, Sounds]:
    """Six windows that are steady; sounds of which two have a name and one is above another."""
    dog, bark, cat = (labels.index(name) for name in ("Dog", "Bark", "Cat"))
    recordings = {f"distill/{number}": noise(5, number) for number in range(6)}
    sounds = {"bark": (bark, dog), "cat": (cat,), "dog": (dog,), "thing": ()}
    recordings |= {f"wild/{name}": noise(1, 10 + k) for k, name in enumerate(sounds)}
    write_recordings(recordings.items(), tmp_path / "real")
    logits = np.full((6, 527), -7, np.float16)
    for row, name in enumerate(("Music", "Speech", "Rain", "Raindrop", "Cat", "Engine")):
        logits[row, labels.index(name)] = 3
    windows = [Window(f"distill/{number}", 0, WINDOW, "distill") for number in range(6)]
    unseen = [Window(f"wild/{name}", 0, RATE, f"source {name}") for name in sounds]
    quiet = np.full((4, 527), -7, np.float16)
    return (
        Recordings(tmp_path / "real"),
        Sounds(windows, logits, logits, [()] * 6),
        Sounds(unseen, quiet, quiet, [*sounds.values()]),
    )


def test_soundscapes_hold_named_sounds_at_their_times(
    held_out: tuple[Recordings, Sounds, Sounds],
) -> None:
    made, again, other = (soundscapes(*held_out, 4, seed) for seed in (1, 1, 2))
    for one, same in zip(made.soundscapes, again.soundscapes, strict=True):
        assert np.array_equal(one.waveform, same.waveform)
        assert one.sounds == same.sounds
    assert made.soundscapes[0].sounds != other.soundscapes[0].sounds
    # A dog is no class of its own where a bark is one.
    assert {*made.columns} == {"Bark", "Cat"}
    assert made.columns["Cat"] == (labels.index("Cat"),)
    for waveform, sounds in made.soundscapes:
        seconds = len(waveform) / RATE
        assert SECONDS[0] <= seconds <= SECONDS[1]
        assert np.abs(waveform).max() <= 1
        assert all(0 <= each.onset < each.offset <= seconds for each in sounds)
        # What is 10 dB and more above its background stands out where the truth says so.
        power = np.square(waveform[: int(seconds * 100) * 320]).reshape(-1, 320).mean(axis=1)
        there = np.zeros(len(power), bool)
        for each in sounds:
            there[int(each.onset * 100) : int(np.ceil(each.offset * 100))] = True
        assert not (power > 20 * np.median(power[~there]))[~there].any()


def test_at_most_three_sound_at_once() -> None:
    events = [Event(0, 10, 0), Event(5, 15, 1), Event(9, 12, 2), Event(10, 11, 3)]
    assert at_once(events) == 3
    assert at_once(events[:1]) == 1
    assert at_once([]) == 0 < AT_ONCE


def test_sounds_of_a_class_that_meet_are_one() -> None:
    dog, cat = labels.index("Dog"), labels.index("Cat")
    events = [
        Event(0, RATE, 0),
        Event(RATE // 2, 2 * RATE, 1),
        Event(RATE, 3 * RATE, 2),
        Event(4 * RATE, 5 * RATE, 1),
    ]
    assert joined(events, [dog, dog, cat]) == [
        Annotation(0, 2, "Dog"),
        Annotation(1, 3, "Cat"),
        Annotation(4, 5, "Dog"),
    ]


def test_five_minutes_of_each_kind(held_out: tuple[Recordings, Sounds, Sounds]) -> None:
    found = stretches(*held_out)
    assert {*found} == {"music", "speech", "rain", *QUIET}
    for kind, (waveform, possible) in found.items():
        assert waveform.shape == (300 * RATE,), kind
        assert possible.shape == (60, 527)
    assert found["music"].possible[:, labels.index("Music")].all()
    assert found["music"].possible.sum() == 60
    # Two windows by turns.
    assert found["rain"].possible[:, labels.index("Rain")].tolist() == [True, False] * 30
    assert not found["silence"].waveform.any()


def test_halves_share_no_source_and_miss_none(
    held_out: tuple[Recordings, Sounds, Sounds],
) -> None:
    _, _, unseen = held_out
    sources = [window.source for window in unseen.windows]
    halves = [{w.source for w in half_of(unseen, k, sources).windows} for k in (0, 1)]
    assert not halves[0] & halves[1]
    assert halves[0] | halves[1] == {*sources}


def test_the_average_of_a_run_is_the_network_that_is_judged(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = PannsMini(32000, 800, 320, 128, 0, 15000, 527).eval()
    trained = folded(network)
    torch.save({"average": trained.state_dict(), "step": 3}, tmp_path / "checkpoint.pth")
    torch.save({"model": network.state_dict()}, tmp_path / "released.pth")
    waveform = torch.randn(1, 64_000, generator=torch.Generator().manual_seed(1)) * 0.1
    with torch.inference_mode():
        expected = network(waveform)
        for name in ("checkpoint.pth", "released.pth"):
            found = read_weights(tmp_path / name)(waveform)
            for output, values in expected.items():
                torch.testing.assert_close(found[output], values, rtol=1e-4, atol=1e-5)
