"""Results in the hands of a person: one class of them, tables of pandas, and in a notebook."""

from __future__ import annotations

import io
import json
import pickle
import sys
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from some_results import detection, embedding, stretched_tagging, tagging

from panns_inference.audioset import labels, mids
from panns_inference.errors import LabelError, PannsError, UsageError
from panns_inference.results import Detection, Result, Tagging

# One class ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("index", [0, 1, 74, 526])
def test_a_class_by_label_mid_and_index(index: int) -> None:
    found = tagging()
    expected = float(found.clipwise[index])
    names = (labels[index], labels[index].upper(), mids[index], index, np.int64(index), str(index))
    assert [found[name] for name in names] == [expected] * len(names)
    assert all(name in found for name in names)


def test_the_events_of_a_class() -> None:
    found = detection()
    speech = tuple(event for event in found.events if event.label == "Speech")
    assert found["Speech"] == found["speech"] == found["/m/09x0r"] == found[0] == speech
    assert len(speech) == 3
    assert found["Dog"] == ()
    assert "Speech" in found
    assert "Dog" not in found
    assert "no class at all" not in found


@pytest.mark.parametrize("kind", [tagging, detection])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Dogg", "^unknown label 'Dogg'; did you mean one of: Dog, "),
        ("zzzzzzzzzzzz", "^unknown label 'zzzzzzzzzzzz'; none of the 527 there are is like it$"),
        ("/m/nothing", "^no class has the mid '/m/nothing'"),
        (527, "^there is no class 527: indices go from 0 to 526$"),
        (-1, "^there is no class -1: indices go from 0 to 526$"),
        (None, "^a class goes by label, mid or index, not by None$"),
        (slice(2), "^a class goes by label, mid or index, not by slice"),
    ],
)
def test_an_unknown_class_is_a_key_error_with_advice(
    kind: type[Tagging | Detection], name: object, message: str
) -> None:
    found = kind()
    for family in (KeyError, UsageError, PannsError):
        with pytest.raises(family, match=message):
            found[name]  # type: ignore[index]
    assert name not in found
    with pytest.raises(LabelError) as raised:
        found[name]  # type: ignore[index]
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)


def test_notebooks_complete_the_labels() -> None:
    assert tagging()._ipython_key_completions_() == labels


def test_lengths_and_iteration() -> None:
    tags, events, vector = tagging(), detection(), embedding()
    assert (len(tags), len(events), len(vector)) == (527, 4, 512)
    assert list(tags) == list(tags.top(None))
    assert list(events) == list(events.events)
    assert list(vector) == vector.vector.tolist()
    assert not detection(events=())


# pandas ------------------------------------------------------------------------------------------


def test_tags_in_pandas() -> None:
    frame = tagging().to_pandas()
    columns = ["source", "onset", "offset", "label", "mid", "index", "probability", "threshold"]
    assert list(frame.columns) == columns
    assert frame.shape == (527, 8)
    assert frame.probability.is_monotonic_decreasing
    assert frame.iloc[0].to_dict() == {
        "source": "street/first day.flac",
        "onset": 0.0,
        "offset": 7.0,
        "label": labels[1],
        "mid": mids[1],
        "index": 1,
        "probability": float(np.float32(0.9)),
        "threshold": 0.0,
    }
    by_index = frame.sort_values("index").probability.to_numpy(np.float32)
    np.testing.assert_array_equal(by_index, tagging().clipwise)


def test_tags_of_stretches_in_pandas() -> None:
    found = stretched_tagging()
    frame = found.to_pandas()
    assert len(frame) == 3 * 527
    speech = frame[frame.label == "Speech"]
    assert speech[["onset", "offset"]].values.tolist() == [[0.0, 2.0], [1.5, 3.5], [3.0, 3.5]]
    assert speech.probability.tolist() == [each["Speech"] for each in found.stretches]


def test_events_in_pandas() -> None:
    found = detection()
    frame = found.to_pandas()
    expected = pd.DataFrame([event.to_dict() for event in found.events])
    pd.testing.assert_frame_equal(frame[expected.columns], expected)
    assert set(frame.source) == {found.source}
    assert frame.groupby("label").size().to_dict() == {"Speech": 3, labels[1]: 1}


def test_no_events_have_the_columns_of_some() -> None:
    none, some = detection(events=()).to_pandas(), detection().to_pandas()
    assert len(none) == 0
    assert list(none.columns) == list(some.columns)
    assert all(map(pd.api.types.is_numeric_dtype, none[["onset", "offset", "index"]].dtypes))
    joined = pd.concat([some, none, some], ignore_index=True)
    pd.testing.assert_frame_equal(joined, pd.concat([some, some], ignore_index=True))


def test_embeddings_in_pandas() -> None:
    whole = embedding()
    parts = tuple(replace(whole, onset=float(k), vector=whole.vector + k) for k in range(3))
    for found, rows in ((whole, (whole,)), (replace(whole, stretches=parts), parts)):
        frame = found.to_pandas()
        assert frame.onset.tolist() == [each.onset for each in rows]
        values = frame[list(range(512))].to_numpy(np.float32)
        np.testing.assert_array_equal(values, [each.vector for each in rows])


def test_channels_and_csv_of_pandas() -> None:
    frames = [replace(detection(), channel=number).to_pandas() for number in (1, 2)]
    text = pd.concat(frames).to_csv(index=False)
    again = pd.read_csv(io.StringIO(text))
    assert again.groupby("channel").size().to_dict() == {1: 4, 2: 4}


@pytest.mark.parametrize("found", [tagging(), detection(), embedding(), detection(events=())])
def test_pandas_may_be_lacking(found: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UsageError, match=r'pip install "panns-inference\[pandas\]"'):
        found.to_pandas()


# Notebooks ---------------------------------------------------------------------------------------


class Page(HTMLParser):
    """Reads a table; each element must end where it should."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.rows: list[list[str]] = []
        self.texts: list[str] = []
        self.bars: list[dict[str, str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attributes}
        if tag == "tr":
            self.rows.append([])
        style = dict(attributes).get("style") or ""
        if "margin-left" in style:
            pairs = (pair.split(":") for pair in style.split(";"))
            self.bars.append(dict(pairs))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, text: str) -> None:
        self.texts.append(text)
        if "tr" in self.open:
            self.rows[-1].append(text)


def page(found: Result) -> Page:
    text = found._repr_html_()
    read = Page(text)
    assert read.tags <= {"div", "b", "table", "tr", "td"}
    assert read.attributes <= {"style"}
    assert "#" not in text  # no colour of its own: those of dark and light pages hold
    assert len(text) < 10_000
    assert read.texts[0] == repr(found).splitlines()[0]
    return read


def test_tags_in_a_notebook() -> None:
    shown = page(tagging())
    tags = tagging().top(10)
    assert shown.rows == [[f"{tag.probability:.3f}", tag.label] for tag in tags]
    assert [bar["width"] for bar in shown.bars][:2] == ["90.0%", "75.0%"]


def test_events_in_a_notebook() -> None:
    shown = page(detection())
    assert shown.rows[1] == ["0.50 - 4.07 s", "0.812", "Male speech, man speaking"]
    assert shown.bars[1]["margin-left"] == f"{100 * 0.5 / 7:.1f}%"
    assert shown.bars[1]["width"] == f"{100 * 3.57 / 7:.1f}%"
    many = detection([("Speech", 0, 0.1 * k, 0.1 * k + 0.05, 0.5) for k in range(35)])
    assert len(page(many).rows) == 10
    assert page(many).texts[-1] == "... and 25 more"


def test_stretches_and_embeddings_in_a_notebook() -> None:
    shown = page(stretched_tagging())
    assert shown.rows[-3:] == [
        ["0.00 - 2.00 s", "0.750", labels[1]],
        ["1.50 - 3.50 s", "0.875", "Speech"],
        ["3.00 - 3.50 s", "0.625", labels[1]],
    ]
    assert page(embedding()).rows == []
    assert page(detection(events=())).rows == []


def test_names_and_labels_are_never_markup() -> None:
    bad = '<script>alert("x")</script> & <b>'
    found = replace(detection([(bad, 0, 0.0, 1.0, 0.5)]), source=f"{bad}.wav")
    shown = page(found)
    assert shown.rows == [["0.00 - 1.00 s", "0.500", bad]]
    assert shown.texts[0].startswith(f"Detection of {bad}.wav (")


def test_all_of_it_is_there_as_a_dict() -> None:
    for found in (tagging(), detection(), embedding()):
        assert json.loads(json.dumps(found.to_dict()))["source"] == found.source
