"""Of a folder of annotations, what is none is left out, and what is wrong is not."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas
import pytest

from panns_inference.errors import UsageError
from panns_inference.evaluation import read_annotations

TIMES = {"onset": 3, "offset": 2, "event_label": "Dog"}
EVENT = json.dumps({"source": "a.wav", "events": [TIMES]})


def test_what_is_no_annotation_is_left_out_of_a_folder(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """But not what is one, and wrong."""
    (tmp_path / "README.txt").write_text("recorded in the yard\n")
    with pytest.raises(UsageError, match=r"README\.txt cannot be used: its first line, 'recorded"):
        read_annotations(tmp_path)
    (tmp_path / "mine.json").write_text('{"network": "mine.pth", "classes": []}')
    (tmp_path / "a.txt").write_text("0\t1\tDog\n")
    assert [*read_annotations(tmp_path)] == ["a.txt"]
    assert "warning: left out: " in caplog.text
    assert "README.txt" in caplog.text
    assert "mine.json" in caplog.text
    (tmp_path / "b.txt").write_text("1\t0\tDog\n")
    with pytest.raises(UsageError, match=r"b\.txt cannot be used: an event 'Dog' cannot last"):
        read_annotations(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.jsonl", EVENT, "an event from 3.0 to 2.0 s is none"),
        ("x.json", f"[{EVENT}]", "an event from 3.0 to 2.0 s is none"),
        ("x.jsonl", EVENT.replace("3", '"abc"'), "could not convert string to float: 'abc'"),
        ("x.json", f"[{EVENT[:60]}", "Unterminated string"),
        ("x.csv", "filename,onset,offset,event_label\na.wav,3,2,Dog\n", "3.0 to 2.0 s is none"),
        (
            "x.jsonl",
            f'{EVENT.replace("3", "1")}\n{{"year": 2020}}\n',
            "near row 1: year is neither",
        ),
        ("x.parquet", "PAR1 and no more", "Parquet"),
    ],
)
def test_what_is_wrong_in_annotations_is_not_left_out_of_a_folder(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    (tmp_path / "a.txt").write_text("0\t1\tDog\n")
    (tmp_path / name).write_text(content)
    with pytest.raises(UsageError, match=message) as caught:
        read_annotations(tmp_path)
    assert name in str(caught.value)


@pytest.mark.parametrize("name", ["x.xlsx", "x.parquet"])
def test_events_that_need_an_extra_are_not_left_out_of_a_folder(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("0\t1\tDog\n")
    table = pandas.DataFrame([{"source": "a.wav", **TIMES}])
    (table.to_excel if name.endswith("xlsx") else table.to_parquet)(tmp_path / name)
    for module in ("openpyxl", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UsageError, match="pip install"):
        read_annotations(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "[INFO] recorded in the yard\n",
        "{not events}",
        "[1, 2]",
        "[[1, 2]]",
        '["a.wav"]',
        '{"tags": ["birds"], "license": "CC0"}',
        '{"tags": ["birds"], "duration": 3}',
        '{"events": ["yard"], "year": 2020}',
        '{"year": 2020}\n{"year": 2021}\n',
    ],
)
def test_text_and_json_of_another_kind_are_left_out_of_a_folder(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a.txt").write_text("0\t1\tDog\n")
    (tmp_path / "info.txt").write_text(text)
    assert [*read_annotations(tmp_path)] == ["a.txt"]
    assert "info.txt" in caplog.text
