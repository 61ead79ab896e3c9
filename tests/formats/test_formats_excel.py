"""CSV for people: with a byte order mark, other delimiters and decimal commas."""

from __future__ import annotations

import csv
import io
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pandas
import polars
import pytest
from some_results import EVENTS, content_of, detection, embedding, text_of, written

from panns_inference import UsageError
from panns_inference.formats import FORMATS

UMLAUTS = detection([("Äußerung; leise, „so“", 0, 1.25, 2.5, 0.125)], "Straße ♪.wav")


def test_excel_gets_a_byte_order_mark_and_nothing_else_changes() -> None:
    plain = content_of("csv", UMLAUTS, tagging_free())
    assert content_of("csv", UMLAUTS, tagging_free(), excel=True) == b"\xef\xbb\xbf" + plain
    assert content_of("csv", excel=True) == b""


def tagging_free() -> Any:
    return detection((), "none.wav")


@pytest.mark.parametrize("name", ["csv", "tsv"])
@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize("delimiter", [None, ";", "\t", "|"])
@pytest.mark.parametrize("excel", [False, True])
def test_pandas_reads_every_dialect(
    name: str, decimal: str, delimiter: str | None, excel: bool, tmp_path: Path
) -> None:
    chosen = {"decimal": decimal, "excel": excel}
    if name == "csv":
        chosen["delimiter"] = delimiter
    path = written(name, tmp_path, UMLAUTS, detection(), **chosen)
    expected = delimiter or (";" if decimal == "," else ",") if name == "csv" else "\t"
    frame = pandas.read_csv(path, sep=expected, decimal=decimal, encoding="utf-8-sig")
    assert frame.columns[0] == "filename"
    assert frame["event_label"][0] == "Äußerung; leise, „so“"
    assert frame["onset"].tolist() == [1.25, *(each[2] for each in EVENTS)]
    assert frame["probability"].tolist() == [0.125, *(each[4] for each in EVENTS)]
    assert frame["index"].tolist() == [0, *(each[1] for each in EVENTS)]


def test_polars_reads_decimal_commas(tmp_path: Path) -> None:
    path = written("csv", tmp_path, UMLAUTS, decimal=",", excel=True)
    frame = polars.read_csv(path, separator=";", decimal_comma=True)
    assert frame["onset"].to_list() == [1.25]
    assert frame["event_label"].to_list() == ["Äußerung; leise, „so“"]


def test_embeddings_have_decimal_commas() -> None:
    text = text_of("csv", embedding(), decimal=",")
    header, row = csv.reader(io.StringIO(text), delimiter=";")
    assert (header[:3], row[1:3]) == (["filename", "onset", "offset"], ["0,000", "7,000"])
    values = [float(cell.replace(",", ".")) for cell in row[3:]]
    assert values == pytest.approx(embedding().vector.tolist(), rel=1e-7)


def test_formulas_are_defused_in_every_dialect() -> None:
    text = text_of("csv", detection(EVENTS[:1], "=1+1"), decimal=",", excel=True)
    assert text.splitlines()[1].startswith("'=1+1;0,000;1,250;Speech;")


@pytest.mark.parametrize(
    ("name", "chosen", "message"),
    [
        ("csv", {"delimiter": "x"}, "'x' is no delimiter: give one of , ; | or a tab"),
        ("csv", {"delimiter": ""}, "'' is no delimiter"),
        ("csv", {"delimiter": "\n"}, "is no delimiter"),
        ("csv", {"decimal": ";"}, "decimal is a point or a comma, not ';'"),
        ("csv", {"decimal": ",", "delimiter": ","}, "cells and decimals cannot both have a comma"),
        ("tsv", {"delimiter": ";"}, "delimiter is a choice of the format csv; tsv has none"),
        ("xlsx", {"decimal": ","}, "decimal is a choice of the format csv; xlsx has none"),
        ("json", {"excel": True}, "excel is a choice of the format csv; json has none"),
    ],
)
def test_what_makes_no_sense_is_refused(name: str, chosen: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        FORMATS[name].write([], io.StringIO(), **chosen)


def converted(path: Path, to: str, folder: Path, *reading: str) -> Path:
    """What LibreOffice makes of a file."""
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = ["soffice", profile, "--headless", *reading, "--convert-to", to, "--outdir", folder]
    subprocess.run([*command, path], check=True, capture_output=True, timeout=300)
    return folder / f"{path.stem}.{to.partition(':')[0]}"


GERMAN_CSV = "--infilter=CSV:59,34,76,1,,1031"
"""Cells between semicolons, quotes, UTF-8, from the first line, as in Germany."""


@pytest.mark.slow
def test_libreoffice_opens_german_csv(tmp_path: Path) -> None:
    path = written("csv", tmp_path, UMLAUTS, detection(), excel=True, decimal=",")
    book = openpyxl.load_workbook(converted(path, "xlsx", tmp_path / "lo", GERMAN_CSV))
    header, first, *others = book.worksheets[0].values
    row = dict(zip(header, first, strict=True))
    assert header[0] == "filename"
    assert row["filename"] == "Straße ♪.wav"
    assert row["event_label"] == "Äußerung; leise, „so“"
    assert (row["onset"], row["offset"], row["probability"]) == (1.25, 2.5, 0.125)
    assert [other[1] for other in others] == [each[2] for each in EVENTS]


@pytest.mark.slow
def test_libreoffice_opens_workbooks(tmp_path: Path) -> None:
    formula = replace(UMLAUTS, source="=1+1")
    path = written("xlsx", tmp_path, UMLAUTS, formula)
    text = converted(path, "csv:Text - txt - csv (StarCalc):44,34,76", tmp_path / "lo")
    frame = pandas.read_csv(text)
    assert frame["filename"].tolist() == ["Straße ♪.wav", "=1+1"]
    assert frame["event_label"].tolist() == ["Äußerung; leise, „so“"] * 2
    assert frame["onset"].tolist() == [1.25] * 2
    assert frame["probability"].tolist() == [0.125] * 2
