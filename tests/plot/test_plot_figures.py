"""What is in a picture: read back from the figure, and from the files that it is written to."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from scenes import SETTINGS, SPANS, five_seconds, stretches, tags
from some_results import detection

from panns_inference.errors import UsageError
from panns_inference.plot.fonts import MISSING, set_fonts
from panns_inference.plot.panels import MOST_BARS
from panns_inference.plot.scene import scene_of_detection
from panns_inference.plot.style import STYLES
from panns_inference.plot.ticks import duration_text, time_marks, time_text, unit_of


def bars(axes: Axes) -> Iterator[tuple[float, float, float, float]]:
    for patch in axes.patches:
        if isinstance(patch, Rectangle):
            yield patch.get_x(), patch.get_width(), patch.get_y(), patch.get_height()


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text)]


def labels(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.get_yticklabels()]


def test_events_are_bars_at_their_times_as_high_as_they_are_probable() -> None:
    heat, events, _ = five_seconds().plot(sound="none", top=5).axes
    assert labels(events) == labels(heat)
    lane_of = {label: number for number, label in enumerate(labels(events))}
    assert list(lane_of)[:2] == ["Speech", "Dog"]
    found = {(round(x, 6), lane(y, height)): height for x, _, y, height in bars(events)}
    assert len(found) == len(SPANS)
    heights = []
    for label, _, onset, _, probability in sorted(SPANS, key=lambda span: span[-1]):
        heights.append(found[onset, lane_of[label]])
        assert f"{probability:.2f}" in [text.get_text() for text in events.texts]
    assert heights == sorted(heights)
    assert len(set(heights)) == len(heights)


def lane(y: float, height: float) -> int:
    return round(y + height - 0.43)


def test_classes_below_the_threshold_come_behind_those_with_events() -> None:
    found = replace(five_seconds(), events=five_seconds().events[2:3])  # of Dog alone
    heat, events, _ = found.plot(sound="none", top=3).axes
    assert labels(events) == labels(heat) == ["Dog", "Speech", "Vehicle"]


def test_the_heat_is_the_framewise_probabilities() -> None:
    found = five_seconds()
    heat = found.plot(sound="none", top=3).axes[0]
    (image,) = heat.images
    rows = [found.labels.index(label) for label in labels(heat)]
    assert np.array_equal(np.asarray(image.get_array()), found.framewise[:, rows].T)
    assert image.get_extent() == [0, 5.01, 2.5, -0.5]


def test_many_events_become_columns_of_their_largest_probability() -> None:
    spans = [("Dog", 74, k / 10, k / 10 + 0.05, k / 1000) for k in range(2 * MOST_BARS)]
    figure = detection(spans, source=None, duration=100.0).plot(sound="none")
    events = figure.axes[0]
    assert list(bars(events)) == []
    (image,) = events.images
    values = np.asarray(image.get_array())
    for _, _, onset, _, probability in spans:
        column = int(values.shape[1] * onset / 100)
        assert values[0, column : column + 2].max() >= probability - 0.001


@pytest.mark.parametrize("kind", ["heat", "events"])
def test_nothing_short_is_lost_between_pixels(kind: str) -> None:
    """Of a day, seen in the picture itself: each of a hundred short sounds has its line."""
    duration = 86_400.0
    onsets = (np.arange(100) + 0.5) * duration / 100
    n_more = 0 if kind == "heat" else MOST_BARS
    spans = [("Dog", 74, onset, onset + 1, 0.9) for onset in [*onsets, *[onsets[0]] * n_more]]
    found = detection(spans, source=None, duration=duration)
    if kind == "heat":
        framewise = np.zeros((2 * 86_400, 527), np.float32)
        framewise[(2 * onsets).astype(int), 74] = 0.9
        found = replace(found, framewise=framewise, events=(), frames_per_second=2.0)
    figure = found.plot(width=8)
    figure.set_dpi(100)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    image = np.asarray(canvas.buffer_rgba())
    box = figure.axes[0].get_window_extent()
    row = image[-round((box.y0 + box.y1) / 2), round(box.x0) + 2 : round(box.x1) - 2, 0] < 128
    assert np.count_nonzero(np.diff(row.astype(int)) == 1) == 100


def test_a_result_without_events_is_a_picture_too() -> None:
    figure = detection([], source=None).plot()
    assert "no events" in texts(figure)


def test_a_panel_of_someone_elses_picture_is_drawn_into() -> None:
    figure = Figure()
    first, second = figure.subplots(1, 2)
    first.set_title("mine $x^2$")
    assert five_seconds().plot(second) is figure
    assert len(list(bars(second))) == len(SPANS)
    assert second.get_xlim() == (0, 5)
    assert (first.get_title(), first.title.get_parse_math()) == ("mine $x^2$", True)
    assert tags().plot(first, top=3) is figure
    assert len(list(bars(first))) == 3


def test_tags_are_bars_as_long_as_they_are_probable() -> None:
    (axes,) = tags().plot(top=4).axes
    found = {label: width for label, (_, width, *_) in zip(labels(axes), bars(axes), strict=True)}
    assert found == {tag.label: tag.probability for tag in tags().top(4)}


def test_stretches_are_drawn_over_time() -> None:
    tagging = stretches()
    axes = tagging.plot(top=2).axes[0]
    values = np.asarray(axes.images[0].get_array())
    of = dict(zip(labels(axes), values, strict=True))
    n_columns = values.shape[1]
    for time, speech in ((1.0, 0.5), (1.75, 0.875), (2.5, 0.875)):
        assert of["Speech"][int(n_columns * time / 3.5)] == speech


CODE = """
import sys
sys.path[:0] = sys.argv[2:]
import matplotlib
from scenes import five_seconds
# To look at the backend would choose one, and import pyplot.
names = set(matplotlib.rcParams) - {"backend"}
before = {name: matplotlib.rcParams[name] for name in names}
five_seconds().plot(sound="none").savefig(sys.argv[1])
assert {name: matplotlib.rcParams[name] for name in names} == before
assert "matplotlib.pyplot" not in sys.modules
"""


def test_nothing_of_matplotlib_is_changed(tmp_path: Path) -> None:
    here = Path(__file__).parent
    command = [sys.executable, "-c", CODE, tmp_path / "a.png", here, here.parent]
    subprocess.run(command, check=True)


def test_texts_are_no_formulas_and_missing_characters_are_said_once() -> None:
    figure = Figure()
    axes = figure.subplots()
    axes.set_title("$cost$ \U000e1234\U000e1235")
    with pytest.warns(UserWarning, match="no font on this machine has 2 characters") as caught:
        set_fonts(figure)
    assert len(caught) == 1
    assert axes.get_title() == f"$cost$ {MISSING}{MISSING}"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.canvas.draw()


def test_a_font_that_has_the_characters_is_found() -> None:
    """Characters that the own font lacks, and one of the machine has: matplotlib brings some."""
    own = set(FT2Font(font_manager.findfont("DejaVu Sans")).get_charmap())
    other = set(FT2Font(font_manager.findfont("STIXGeneral")).get_charmap())
    letters = "".join(map(chr, sorted(other - own)[:3]))
    assert letters
    figure = Figure()
    figure.subplots().set_title(letters)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        set_fonts(figure)
        figure.canvas.draw()
    assert letters in texts(figure)


def test_arabic_needs_no_other_font() -> None:
    spans = [("كلب", 74, 0.0, 1.0, 0.9)]
    found = replace(detection([], source="صوت.wav"), labels=("كلب",) * 527)
    found = replace(found, events=tuple(detection(spans).events))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = found.plot(sound="none")
        figure.canvas.draw()
    assert "كلب" in texts(figure)


@pytest.mark.parametrize("name", STYLES)
def test_the_more_probable_the_further_from_the_page(name: str) -> None:
    """In lightness, which all people see, and prints show."""
    style = STYLES[name]
    steps = np.array([style.probabilities(p / 20)[:3] for p in range(21)])
    lightness = steps @ [0.2126, 0.7152, 0.0722]
    rising = np.diff(lightness if style.is_dark else -lightness)
    assert (rising > 0).all()
    page, ink = (np.array(matplotlib.colors.to_rgb(each)) for each in (style.page, style.ink))
    assert abs((page - ink) @ [0.2126, 0.7152, 0.0722]) > 0.7


@pytest.mark.parametrize(
    "duration", [0.05, 0.9, 5, 59, 119, 121, 600, 3600, 7201, 43200, 86400, 1e6]
)
@pytest.mark.parametrize("most", [3, 6, 12])
def test_marks_of_time_fit_and_are_distinct(duration: float, most: int) -> None:
    marks = time_marks(duration, most)
    assert 1 <= len(marks) <= most + 1
    assert marks[-1] <= duration + 1e-6
    written = [time_text(mark, duration) for mark in marks]
    assert len(set(written)) == len(written)


@pytest.mark.parametrize(
    ("seconds", "duration", "text"),
    [
        (0.5, 5, "0.5"),
        (90, 100, "90"),
        (90, 600, "1:30"),
        (3600, 7200, "60:00"),
        (5400, 43200, "1:30"),
        (43200, 86400, "12:00"),
    ],
)
def test_times_are_in_the_unit_that_fits(seconds: float, duration: float, text: str) -> None:
    assert time_text(seconds, duration) == text


def test_units_and_lengths() -> None:
    assert [unit_of(each) for each in (5, 600, 9000)] == [
        "seconds",
        "minutes:seconds",
        "hours:minutes",
    ]
    found = [duration_text(each) for each in (5, 600, 43200)]
    assert found == ["5.0 s", "10:00 min", "12:00 h"]


def test_a_recording_that_is_there_is_shown(clip: str) -> None:
    found = replace(five_seconds(), source=str(clip))
    figure = found.plot()
    assert len(figure.axes) == 4
    assert labels(figure.axes[0]) == ["100", "500", "1k", "2k", "4k", "8k"]
    assert len(found.plot(sound="none").axes) == 3
    assert len(replace(found, source="gone.wav").plot().axes) == 3
    samples = np.zeros(8000, np.float32)
    assert len(replace(found, source=None).plot(audio=samples, sample_rate=8000).axes) == 4


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown style 'drak'; did you mean dark"):
        five_seconds().plot(style="drak")
    with pytest.raises(UsageError, match="sound must be"):
        five_seconds().plot(sound="wavelet", audio=np.zeros(100), sample_rate=8000)


def test_a_scene_has_no_more_classes_than_wanted() -> None:
    assert len(scene_of_detection(five_seconds(), 2, None).labels) == 2
    assert len(scene_of_detection(five_seconds(), 0, None).labels) == 0
    assert SETTINGS.colours.page == "white"
