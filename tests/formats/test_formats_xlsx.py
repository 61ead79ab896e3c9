"""Workbooks, read back by openpyxl."""

from __future__ import annotations

import dataclasses
import io
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from some_results import EVENTS, content_of, detection, embedding, tagging, written

from panns_inference import UsageError
from panns_inference.formats import xlsx

FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "{=1}", "'=1", "http://a.b/c"]


def sheet_of(content: bytes) -> openpyxl.worksheet.worksheet.Worksheet:
    return openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]


def test_numbers_are_numbers_and_the_header_stays() -> None:
    sheet = sheet_of(content_of("xlsx", detection()))
    assert sheet.title == "events"
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:J5"
    header, *rows = sheet.iter_rows()
    assert all(cell.font.bold for cell in header)
    names = [cell.value for cell in header]
    for row, event in zip(rows, EVENTS, strict=True):
        cells = dict(zip(names, row, strict=True))
        assert cells["onset"].value == event[2]
        assert cells["probability"].value == event[4]
        assert cells["onset"].number_format == "0.000"
        numbers = ("onset", "offset", "index", "probability", "threshold")
        assert {cells[name].data_type for name in numbers} == {"n"}
        assert cells["channel"].value is None
        assert {cells[name].data_type for name in ("filename", "event_label", "mid")} == {"s"}


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_a_formula_or_a_link(text: str) -> None:
    sheet = sheet_of(content_of("xlsx", detection([(text, 3, 0.5, 1.0, 0.5)], text)))
    for cell in (sheet["A2"], sheet["D2"]):
        assert (cell.value, cell.data_type) == (text, "s")
        assert cell.hyperlink is None


@pytest.mark.parametrize("text", ["Straße ♪ 日本 \U0001f600", "a\tb\nc", " a ", "<&>\"'"])
def test_texts_are_exact(text: str) -> None:
    sheet = sheet_of(content_of("xlsx", detection([(text, 3, 0.5, 1.0, 0.5)], text)))
    assert (sheet["A2"].value, sheet["D2"].value) == (text, text)


def test_what_is_not_unicode_is_escaped() -> None:
    sheet = sheet_of(content_of("xlsx", detection(EVENTS[:1], "Stra\udcdfe\x01")))
    assert sheet["A2"].value.startswith("Stra\\udcdfe")


def test_kinds_of_results_name_their_sheets() -> None:
    sheet = sheet_of(content_of("xlsx", tagging(), top=2))
    assert (sheet.title, sheet.max_row) == ("tags", 3)
    sheet = sheet_of(content_of("xlsx", embedding()))
    assert (sheet.title, sheet.max_column) == ("embeddings", 3 + 512)
    values = [cell.value for cell in sheet[2][3:]]
    assert np.array_equal(np.array(values, np.float32), embedding().vector)


def test_a_workbook_cannot_hold_what_is_not_finite() -> None:
    odd = dataclasses.replace(embedding("a.wav"), vector=np.float32([0.1, np.inf]))
    with pytest.raises(UsageError, match=r"result of a\.wav holds values that are not finite"):
        content_of("xlsx", odd)


def test_the_same_results_are_the_same_bytes() -> None:
    assert content_of("xlsx", detection()) == content_of("xlsx", detection())


def test_a_full_sheet_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "LAST_ROW", 3)
    results = [detection(EVENTS[:2], f"{number}.wav") for number in range(4)]
    book = openpyxl.load_workbook(io.BytesIO(content_of("xlsx", *results)))
    assert book.sheetnames == ["events", "events 2", "events 3"]
    rows = [list(sheet.values) for sheet in book.worksheets]
    assert [len(each) for each in rows] == [4, 4, 3]
    assert len({each[0] for each in rows}) == 1
    names = [row[0] for each in rows for row in each[1:]]
    assert names == [f"{number}.wav" for number in range(4) for _ in range(2)]
    content = content_of("xlsx", *results[:3])
    assert openpyxl.load_workbook(io.BytesIO(content)).sheetnames == ["events", "events 2"]


LONG = """
import io, itertools, resource, sys, tempfile
sys.path.insert(0, sys.argv[2])
from some_results import detection
from panns_inference.formats import FORMATS
result = detection([("Speech", 0, float(i), i + 0.5, 0.5) for i in range(100)])
with tempfile.TemporaryFile() as file:
    FORMATS["xlsx"].write(itertools.repeat(result, int(sys.argv[1])), file)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_table() -> None:
    here = Path(__file__).parents[1]
    few, many = (
        int(subprocess.check_output([sys.executable, "-c", LONG, count, here], text=True))
        for count in ("10", "200")
    )
    assert many - few < 8_000  # kilobytes, for 19,000 rows more: in memory they take 30 MB


def test_a_full_disk_is_an_error_of_the_system(tmp_path: Path) -> None:
    path = written("xlsx", tmp_path, detection())
    limit = path.stat().st_size // 2
    code = (
        "import resource, signal, sys; sys.path.insert(0, sys.argv[1])\n"
        "from some_results import detection\n"
        "from panns_inference.formats import FORMATS\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "file = open(sys.argv[2], 'wb', buffering=0)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        "try:\n    FORMATS['xlsx'].write([detection()], file)\n"
        "except OSError as error:\n    print(error)\n"
    )
    here = str(Path(__file__).parents[1])
    said = subprocess.check_output([sys.executable, "-c", code, here, tmp_path / "b"], text=True)
    assert "File too large" in said
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != limit
