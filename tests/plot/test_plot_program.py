"""`panns plot`: files that other programs read, of recordings and of tables."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile
from matplotlib.image import imread

from panns_inference.cli import main
from panns_inference.pictures.calendar import Hours
from panns_inference.plot.drawing import Settings

Capture = pytest.CaptureFixture[str]

PAGE_SCRIPT = Path(__file__).parents[2] / "panns_inference" / "data" / "page.js"


def table(path: Path, *rows: Sequence[Any], clock: bool = False) -> Path:
    columns = ["filename", *["clock"] * clock, "onset", "offset", "event_label", "probability"]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, *rows])
    return path


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """A table of two recordings, of which one is there."""
    soundfile.write(tmp_path / "a.wav", np.random.default_rng(0).uniform(-1, 1, 40_000), 8_000)
    rows = [
        ("a.wav", 1, 2, "Dog <&>", 0.9),
        ("a.wav", 2, 2.5, "Cat", 0.5),
        ("b/c.wav", 1, 9, "Dog", 0.4),
    ]
    return table(tmp_path / "events.csv", *rows)


def plot(*words: object) -> int:
    return main(["plot", *map(str, words)])


def test_a_png_has_the_width_that_was_wanted(events: Path, tmp_path: Path) -> None:
    assert plot(events, "-o", tmp_path / "out", "--split", "--width", 640, "--dpi", 80) == 0
    found = sorted(path.relative_to(tmp_path / "out") for path in (tmp_path / "out").rglob("*.png"))
    assert found == [Path("a.png"), Path("b/c.png")]
    shapes = [imread(tmp_path / "out" / path).shape for path in found]
    assert [width for _, width, _ in shapes] == [640, 640]
    assert shapes[0][0] > shapes[1][0]  # the one that is there has a panel of its sound


def test_an_svg_is_xml_and_a_pdf_has_pages(events: Path, tmp_path: Path) -> None:
    one = table(tmp_path / "one.csv", ("b/c.wav", 1, 9, "Dog", 0.4))
    assert plot(one, "-o", tmp_path / "one.svg", "--style", "dark") == 0
    root = ElementTree.parse(tmp_path / "one.svg").getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert plot(events, "-o", tmp_path / "all.pdf", "--sound", "waveform") == 0
    pages = re.findall(rb"/Type /Page\b", (tmp_path / "all.pdf").read_bytes())
    assert len(pages) == 2


class Page(HTMLParser):
    """Collects what a page refers to, and its data."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.known: list[dict[str, Any]] = []
        self.is_data = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {"src", "href", "xlink:href"}
        self.links += [value or "" for name, value in attrs if name in named]
        self.is_data = tag == "script" and ("type", "application/json") in attrs

    def handle_data(self, data: str) -> None:
        if self.is_data:
            self.known.append(json.loads(data))
            self.is_data = False


@pytest.fixture
def page(events: Path, tmp_path: Path) -> Page:
    (tmp_path / "pages").mkdir()
    assert plot(events, "-o", tmp_path / "pages" / "all.html") == 0
    page = Page()
    page.feed((tmp_path / "pages" / "all.html").read_text("utf-8"))
    return page


def test_a_page_needs_no_other_file_but_the_recording(page: Page) -> None:
    elsewhere = [link for link in page.links if not link.startswith(("data:", "#"))]
    assert elsewhere == ["../a.wav"]


@pytest.mark.parametrize(
    ("style", "rule"),
    [("light", "color-scheme: light; background: white;"), ("dark", "dark; background: #111418;")],
)
def test_a_page_is_as_dark_as_its_pictures(
    style: str, rule: str, events: Path, tmp_path: Path
) -> None:
    assert plot(events, "--style", style, "-o", tmp_path / "page.html") == 0
    assert rule in (tmp_path / "page.html").read_text("utf-8")


def test_a_page_knows_its_events_and_where_the_panels_are(page: Page) -> None:
    first, second = page.known
    assert first["duration"] == 5.0
    assert first["labels"] == ["Dog <&>", "Cat"]
    assert first["events"] == [[0, 1.0, 2.0, 0.9], [1, 2.0, 2.5, 0.5]]
    assert (first["hasSound"], second["hasSound"]) == (True, False)
    assert [len(each["panels"]) for each in page.known] == [2, 1]
    assert all(x0 < x1 and y0 < y1 for each in page.known for x0, y0, x1, y1 in each["panels"])


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
def test_the_pointer_shows_what_it_is_on(page: Page) -> None:
    known = page.known[0]
    x0, y0, x1, y1 = known["panels"][1]
    x, y = x0 + (x1 - x0) * 1.5 / 5, y0 + (y1 - y0) / 4
    script = (
        PAGE_SCRIPT.read_text()
        + f"""
const known = {json.dumps(known)};
const found = [[{x}, {y}], [{x}, {known["panels"][0][1] + 1}], [0, 0]].map(
  (point) => under(known, ...point));
console.log(JSON.stringify([found[2], describe(known, found[0]), describe(known, found[1])]));
console.log(JSON.stringify([0, 59.5, 65, 3723].map(timeText)));
"""
    )
    done = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True)
    shown, times = map(json.loads, done.stdout.splitlines())
    assert shown == [
        None,
        "1.50 s\nDog <&>\n1.00 s - 2.00 s, 0.90",
        "1.50 s\nDog <&> 1.00 s - 2.00 s, 0.90",
    ]
    assert times == ["0.00 s", "59.50 s", "1:05.0", "1:02:03"]


def test_a_recording_is_drawn_by_a_network(clip: Path, tmp_path: Path, capsys: Capture) -> None:
    shutil.copy(clip, tmp_path / "street_20260501_120000.wav")
    path = tmp_path / "street.html"
    command = [tmp_path / "street_20260501_120000.wav", "-o", path, "--model", "PannsMini"]
    assert plot(*command, "--threshold", 0.3, "--top", 3) == 0
    text = path.read_text("utf-8")
    page = Page()
    page.feed(text)
    assert page.known[0]["labels"][0] == "Speech"
    assert len(page.known[0]["panels"]) == 3
    assert plot(*command) == 2
    assert "is there already" in capsys.readouterr().err
    assert path.read_text("utf-8") == text
    assert plot(*command, "--overwrite", "--sound", "none") == 0


def test_a_long_recording_is_pooled_on_the_way(street: Path, tmp_path: Path) -> None:
    samples, rate = soundfile.read(street, dtype="int16")
    soundfile.write(tmp_path / "long.wav", np.tile(samples, 6), rate)  # 54 s: longer than a block
    command = [tmp_path / "long.wav", "-o", tmp_path / "long.html", "--model", "PannsMini"]
    assert plot(*command, "--threshold", 0.3, "--top", 2) == 0
    page = Page()
    page.feed((tmp_path / "long.html").read_text("utf-8"))
    onsets = [onset for lane, onset, *_ in page.known[0]["events"] if lane == 0]
    assert len(onsets) >= 6
    assert max(onsets) > 45


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-o", "x.jpg"], "has none of the endings png, svg, pdf, html"),
        (["-o", "x.png"], "a file of png holds one picture, and there are 2 recordings"),
        (["-o", "x.png", "--split", "--calendar"], "a calendar is one picture"),
        (["-o", "x.pdf", "--calendar"], "the time of day of none of 3 events is known"),
        (["-o", "x.pdf", "--classes", "Dgo"], "unknown label 'Dgo'; did you mean one of: Dog"),
        (["-o", "."], "has none of the endings"),
        (["-o", "x.pdf", "--width", "150"], "--width 150 has no room for a picture: give 200"),
        (["-o", "x", "--split", "--width", "70000"], "pixels high or wide, and 65000 are possible"),
        (["street.wav", "-o", "x.pdf"], "either recordings or tables"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_line(
    words: list[str], message: str, events: Path, tmp_path: Path, capsys: Capture
) -> None:
    at = words.index("-o") + 1
    words[at] = str(tmp_path / words[at])
    assert plot(events, *words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert not list(tmp_path.glob("x.*"))


def test_a_recording_that_cannot_be_read_leaves_the_others(
    events: Path, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF nothing")
    assert plot(events, "-o", tmp_path / "out", "--split") == 1
    assert "a.wav' cannot be decoded" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "out").rglob("*.*")] == ["c.png"]


def test_a_file_of_someone_else_in_a_tree_stays(
    events: Path, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.png").write_text("mine")
    assert plot(events, "-o", tmp_path / "out", "--split") == 1
    assert "a.png is there already, and is not replaced" in capsys.readouterr().err
    assert (tmp_path / "out" / "a.png").read_text() == "mine"
    assert (tmp_path / "out" / "b" / "c.png").exists()
    assert plot(events, "-o", tmp_path / "out", "--split", "--overwrite") == 0
    assert (tmp_path / "out" / "a.png").read_bytes()[:4] == b"\x89PNG"


def test_a_calendar_counts_by_the_clock(tmp_path: Path) -> None:
    """Of the table, or else of the names of the recordings."""
    start = datetime(2026, 5, 1, 22, 30)
    moments = [start + timedelta(minutes=20 * k) for k in range(12)]
    rows = [("x.wav", moment.isoformat(), 5, 6, "Dog", 0.5) for moment in moments]
    written = table(tmp_path / "clock.csv", *rows, clock=True)
    named = table(
        tmp_path / "names.csv",
        *(("rec_20260501_223000.wav", 1200 * k, 1200 * k + 1, "Dog", 0.5) for k in range(12)),
    )
    for path in (written, named):
        assert plot(path, "--calendar", "-o", tmp_path / f"{path.stem}.svg") == 0
        ElementTree.parse(tmp_path / f"{path.stem}.svg")


def test_hours_are_counted_and_covered() -> None:
    hours = Hours()
    start = datetime(2026, 5, 1, 22, 30)
    for k in range(12):
        hours.add("Dog", start + timedelta(minutes=20 * k))
    hours.add("Dog", None)
    hours.cover(start, 4 * 3600.0)
    assert sorted(hours.counts["Dog"].values()) == [1, 2, 3, 3, 3]
    assert [hour.hour for hour in sorted(hours.recorded)] == [22, 23, 0, 1, 2]
    (axes,) = hours.draw(Settings()).axes
    assert axes.get_title("left") == "Dog"
    assert axes.get_title("right") == "12 events, up to 3 an hour"
    image = np.ma.filled(axes.images[0].get_array(), 0)
    assert image.shape == (24, 2)
    assert image[22:, 0].tolist() == [2, 3]
    assert image[:3, 1].tolist() == [3, 3, 1]


def test_only_wanted_classes_are_shown(clip: Path, tmp_path: Path) -> None:
    command = [clip, "-o", tmp_path / "a.html", "--model", "PannsMini"]
    assert plot(*command, "--classes", "Speech", "--classes", "Alarm", "--threshold", 0.7) == 0
    page = Page()
    page.feed((tmp_path / "a.html").read_text("utf-8"))
    assert page.known[0]["labels"] == ["Speech", "Alarm"]


def test_a_table_without_events_is_a_picture(tmp_path: Path) -> None:
    path = table(tmp_path / "none.csv", ("a.wav", "", "", "", ""))
    assert plot(path, "-o", tmp_path / "none.png") == 0
    assert imread(tmp_path / "none.png").shape[1] == 1000


def test_without_matplotlib_the_extra_is_named(
    events: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert plot(events, "-o", tmp_path / "x.pdf") == 2
    assert 'pip install "panns-inference[plot]"' in capsys.readouterr().err


def test_a_tree_is_like_that_of_the_recordings(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "all" / "north").mkdir(parents=True)
    shutil.copy(clip, tmp_path / "all" / "north" / "a.wav")
    command = [tmp_path / "all", "--split", "-o", tmp_path / "out", "-f", "svg"]
    assert plot(*command, "--model", "PannsMini", "--sound", "none") == 0
    found = [path.relative_to(tmp_path / "out") for path in (tmp_path / "out").rglob("*.svg")]
    assert found == [Path("north/a.svg")]


def test_a_folder_has_a_calendar(clip: Path, tmp_path: Path, capsys: Capture) -> None:
    for name in ("a_20260501_060000.wav", "a_20260502_235957.wav", "b.wav"):
        shutil.copy(clip, tmp_path / name)
    path = tmp_path / "calendar.svg"
    assert plot(tmp_path, "--calendar", "-o", path, "--model", "PannsMini", "--top", 1) == 0
    assert ElementTree.parse(path).getroot() is not None
    assert plot(tmp_path / "b.wav", "--calendar", "-o", tmp_path / "b.svg") == 2
    assert "the time of day of none of" in capsys.readouterr().err
