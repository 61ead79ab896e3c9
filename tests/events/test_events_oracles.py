"""Events against a slow and obvious way, SciPy's filters, and SciPy's components."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from reference.stored import outputs
from scipy import ndimage, signal
from slow_events import Array, Case, Found, Rules, cases, events_of, slow_events

from panns_inference.events import Event, find_events
from panns_inference.events.runs import majority


def assert_same(found: list[Event], wanted: Found) -> None:
    assert [event.index for event in found] == [each[2] for each in wanted]
    got = [(e.onset, e.offset, e.probability, e.mean_probability) for e in found]
    expected = [(float(a), float(b), peak, mean) for a, b, _, peak, mean in wanted]
    np.testing.assert_allclose(
        np.reshape(got, (-1, 4)), np.reshape(expected, (-1, 4)), rtol=0, atol=1e-9
    )


# A third of a frame is no decimal number, and the slow way would take it at its word.
@given(cases().filter(lambda case: case[1] != 3.0))
def test_the_slow_way_finds_the_same(case: Case) -> None:
    assert_same(events_of(case), slow_events(*case))


@given(
    arrays(
        np.float32,
        st.tuples(st.integers(1, 4), st.integers(1, 40)),
        elements=st.floats(0, 1, width=32),
    ),
    st.integers(0, 40),
    st.floats(0, 1, width=32),
)
def test_the_majority_is_the_median(values: Array, half: int, threshold: float) -> None:
    half = min(half, values.shape[1])
    size = (1, 2 * half + 1)
    median = ndimage.median_filter(values, size, mode="reflect")
    mirrored = np.pad(values, ((0, 0), (half, half)), "symmetric")
    mask = majority(mirrored >= threshold, half)
    assert np.array_equal(mask, median >= threshold)
    if values.shape[1] > 2 * half:
        inner = slice(half, values.shape[1] - half)
        medians = np.array([signal.medfilt(row, size[1]) for row in values])
        assert np.array_equal(mask[:, inner], medians[:, inner] >= threshold)


@given(
    cases(smooth=0.0, merge_gap=0.0, min_duration=0.0, pad=0.0).filter(lambda case: len(case[0]))
)
def test_scipy_finds_the_same_components(case: Case) -> None:
    framewise, rate, _, rules = case
    duration = len(framewise) / rate
    in_time = np.array([[0, 1, 0], [0, 1, 0], [0, 1, 0]])
    parts, count = ndimage.label(framewise >= np.float32(rules["threshold_off"]), in_time)
    peaks = ndimage.maximum(framewise, parts, range(1, count + 1)) if count else []
    wanted = sorted(
        (where[0].start, where[0].stop, where[1].start, float(peak))
        for where, peak in zip(ndimage.find_objects(parts), peaks, strict=True)
        if peak >= np.float32(rules["threshold"])
    )
    found = events_of((framewise, rate, duration, rules))
    assert wanted == [
        (round(e.onset * rate), round(e.offset * rate), e.index, e.probability) for e in found
    ]


@pytest.mark.parametrize("network", ["Max", "Avg", "Att"])
@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"threshold": 0.8, "threshold_off": 0.4},
        {"threshold": 0.6, "threshold_off": 0.5, "smooth": 0.35, "merge_gap": 0.1},
        {"smooth": 0.7, "merge_gap": 0.32, "min_duration": 0.33, "pad": 0.05},
    ],
)
def test_the_outputs_of_a_network(network: str, rules: Rules) -> None:
    segmentwise = outputs(f"Cnn14_DecisionLevel{network}", "long")["segmentwise"]
    framewise = np.repeat(segmentwise[1], 32, axis=0)
    assert framewise.shape == (320, 527)
    defaults = {"threshold": 0.5, "smooth": 0, "merge_gap": 0, "min_duration": 0, "pad": 0}
    full = {**defaults, "threshold_off": rules.get("threshold", 0.5), **rules}
    found = find_events(framewise, 100, duration=3.195, **rules)
    assert len(found) > 80
    assert_same(found, slow_events(framewise, 100, 3.195, full))
