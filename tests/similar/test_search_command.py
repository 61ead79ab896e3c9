"""`panns search`, through the program."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import openpyxl
import pyarrow.parquet
import pytest
from similar.conftest import spoil

from panns_inference.cli import main
from panns_inference.similar import search_similar
from panns_inference.training.data import read_dataset

Capture = pytest.CaptureFixture[str]

WINDOWS = ("--window", "1", "--hop", "0.5", "--model", "PannsMini")


def search(capsys: Capture, *words: object, status: int = 0) -> str:
    assert main(["search", *map(str, words), *WINDOWS]) == status
    return capsys.readouterr().out


@pytest.fixture
def example(library: Path) -> Path:
    return library / "a" / "2.wav"


def test_hits_for_people(capsys, library, example) -> None:
    first, *lines = search(capsys, example, library, "--top", 3).splitlines()
    assert first.split() == ["filename", "onset", "offset", "label", "similarity"]
    assert [line.split()[3] for line in lines] == ["2"] * 3
    assert lines[0].split()[0] == str(example)


def test_hits_are_those_of_python(capsys, library, model, example) -> None:
    expected = search_similar(
        [f"{example}:0.2-1.2"], library, model=model, unlike=[library / "b" / "3.wav"],
        top=4, min_similarity=-0.5, all_windows=True, window=1.0, hop=0.5,
    )  # fmt: skip
    words = ("--not", library / "b" / "3.wav", "--top", 4, "--min-similarity", "-0.5")
    out = search(
        capsys, f"{example}:0.2-1.2", library, *words, "--all-windows", "--label", "wren", "--json"
    )
    assert json.loads(out) == [
        {
            "filename": hit.filename,
            "onset": hit.onset,
            "offset": hit.offset,
            "label": "wren",
            "similarity": pytest.approx(hit.similarity, abs=1e-5),
        }
        for hit in expected
    ]


@pytest.mark.parametrize("ending", ["csv", "tsv", "xlsx", "json", "jsonl", "parquet", "txt"])
def test_every_table(capsys, library, example, tmp_path, ending) -> None:
    expected = json.loads(search(capsys, example, library, "-f", "json"))
    path = tmp_path / f"hits.{ending}"
    search(capsys, example, library, "-o", path)
    found = {
        "csv": lambda: rows_of_csv(path),
        "tsv": lambda: rows_of_csv(path, "\t"),
        "xlsx": lambda: rows_of_workbook(path),
        "json": lambda: json.loads(path.read_text()),
        "jsonl": lambda: [*map(json.loads, path.read_text().splitlines())],
        "parquet": lambda: pyarrow.parquet.read_table(path).to_pylist(),
        "txt": lambda: rows_of_text(path),
    }[ending]()
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.keys() == other.keys()
        assert (one["filename"], str(one["label"])) == (other["filename"], other["label"])
        for name in ("onset", "offset", "similarity"):
            assert float(one[name]) == pytest.approx(other[name], abs=1e-2)


def rows_of_csv(path, delimiter=","):
    return [*csv.DictReader(path.read_text().splitlines(), delimiter=delimiter)]


def rows_of_workbook(path):
    header, *rows = openpyxl.load_workbook(path).active.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def rows_of_text(path):
    header, *rows = map(str.split, path.read_text().splitlines())
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_confirmed_and_refused_hits_are_a_data_set(capsys, library, example, tmp_path) -> None:
    path = tmp_path / "hits.csv"
    search(capsys, example, library, "--label", "wren", "-o", path)
    rows = rows_of_csv(path)
    rows[1]["label"] = ""  # refused
    rows[2]["label"] = "robin"  # something else
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    found = read_dataset(path)
    assert found.labels == ("robin", "wren")
    assert [each.labels for each in found.clips[:4]] == [("wren",), (), ("robin",), ("wren",)]
    for clip, row in zip(found.clips, rows, strict=True):
        assert (clip.onset, clip.offset) == (float(row["onset"]), float(row["offset"]))
        assert clip.path.samefile(row["filename"])


@pytest.mark.parametrize("label", ['5" gun', "it's", "Wren, far", "Zaunkönig", "=wet", "-rain"])
def test_a_label_is_one_class(capsys, library, example, tmp_path, label) -> None:
    named = Path(shutil.copy(example, tmp_path / f"{label}.wav"))
    search(capsys, named, library, "-o", tmp_path / "of_name.csv")
    search(capsys, example, library, f"--label={label}", "-o", tmp_path / "said.csv")
    for table in ("of_name.csv", "said.csv"):
        assert read_dataset(tmp_path / table).labels == (label,)


@pytest.mark.parametrize("label", ["a; b", '"a"', "a\nb", " a"])
def test_a_label_that_would_be_read_as_others_is_refused(
    capsys, library, example, tmp_path, label
) -> None:
    """Before anything is searched."""
    named = Path(shutil.copy(example, tmp_path / f"{label}.wav"))
    for words in ([named, library], [example, library, "--label", label]):
        assert main(["search", *map(str, words), *WINDOWS]) == 2
        assert "name the class with --label" in capsys.readouterr().err
    assert not (library / ".panns-embeddings").exists()
    search(capsys, named, library, "--label", "a")


def test_a_broken_recording_is_named(capsys, library, example, caplog) -> None:
    (library / "broken.wav").write_text("no sound")
    assert search(capsys, example, library, "-f", "csv", status=1).count("\n") == 7
    assert "broken.wav" in caplog.text
    search(capsys, example, library, "--on-error", "raise", status=1)


def test_a_second_search_decodes_only_its_example(capsys, library, example, tmp_path) -> None:
    elsewhere = shutil.copy(example, tmp_path / "example.wav")
    before = search(capsys, elsewhere, library)
    for path in library.rglob("*.wav"):
        spoil(path)
    assert search(capsys, elsewhere, library, "--on-error", "raise") == before


def test_a_table_chooses_the_network(capsys, library, example, tmp_path) -> None:
    table = tmp_path / "table.parquet"
    assert main(["embed", str(library), *WINDOWS, "-o", str(table)]) == 0
    expected = search(capsys, example, library)
    assert main(["search", str(example), str(table)]) == 0
    assert capsys.readouterr().out == expected


def test_embeddings_in_another_folder(capsys, library, example, tmp_path) -> None:
    search(capsys, example, library, "--embeddings", tmp_path / "kept")
    assert list((tmp_path / "kept").glob("PannsMini-*/*.parquet"))
    (library / ".panns-embeddings").write_text("in the way")
    assert main(["search", str(example), str(library), *WINDOWS]) == 1
    assert "--embeddings" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["a.wav"], ["a.wav", "b", "--window", "-1"], ["a.wav:2-1", "b"], []]
)
def test_wrong_uses(words) -> None:
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(main(["search", *words]))
    assert ended.value.code == 2


def test_nothing_is_written_over(capsys, library, example, tmp_path) -> None:
    path = tmp_path / "hits.csv"
    path.write_text("mine")
    search(capsys, example, library, "-o", path, status=2)
    assert path.read_text() == "mine"
    search(capsys, example, library, "-o", path, "--overwrite")
    search(capsys, example, library, "-o", example, "--overwrite", status=2)
