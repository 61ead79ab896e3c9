"""`panns eval` through the program, on files as others write them, against sed_eval's figures."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from panns_inference.cli import main
from panns_inference.errors import UsageError
from panns_inference.evaluation import aligned, read_annotations
from panns_inference.events import Event

Capture = pytest.CaptureFixture[str]

ORACLE: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "metrics" / "sed_eval.json").read_text(encoding="utf-8")
)
RAVEN = (
    "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tBegin File\tFile Offset (s)\tSpecies"
)


def as_table(events: dict[str, list[Any]], path: Path, heading: str, separator: str) -> Path:
    """A table as DCASE has them: a recording without events has a row without times."""
    rows = [
        separator.join(map(str, (f"audio/{name}", *each)))
        for name, those in events.items()
        for each in those or [("", "", "")]
    ]
    path.write_text("\n".join([heading, *rows]) + "\n", encoding="utf-8")
    return path


def as_labels(events: dict[str, list[Any]], folder: Path) -> Path:
    """Label tracks of Audacity, with lines of frequencies, and one that is empty."""
    folder.mkdir()
    for name, those in events.items():
        lines = [f"{onset}\t{offset}\t{label}\n\\\t100\t200\n" for onset, offset, label in those]
        (folder / name).with_suffix(".txt").write_text("".join(lines), encoding="utf-8")
    return folder


def as_raven(events: dict[str, list[Any]], path: Path) -> Path:
    """A selection table of a sequence of files, with two views of each selection."""
    rows, start = [RAVEN], 100.0
    for name, those in events.items():
        for onset, offset, label in those:
            for view in ("Waveform 1", "Spectrogram 1"):
                times = (start + onset, start + offset, name, onset, label)
                rows.append("\t".join(map(str, (hash((name, onset, label)), view, 1, *times))))
        start += 1000
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def evaluate(capsys: Capture, *words: object) -> list[dict[str, Any]]:
    assert main(["eval", "-f", "json", *map(str, words)]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def check(rows: list[dict[str, Any]], metric: str, expected: dict[str, Any]) -> None:
    figures = {row["classes"]: row for row in rows if row["metric"] == metric}
    micro, macro = figures["all (micro)"], figures["mean (macro)"]
    for name in ("f1", "precision", "recall", "error_rate"):
        assert micro[name] == pytest.approx(expected[name], abs=1e-9)
    assert macro["f1"] == pytest.approx(expected["macro_f1"], abs=1e-9)
    assert macro["error_rate"] == pytest.approx(expected["macro_error_rate"], abs=1e-9)
    for label, (f1, error_rate) in expected["classes"].items():
        assert [figures[label]["f1"], figures[label]["error_rate"]] == pytest.approx(
            [f1, error_rate], abs=1e-9
        )


def test_figures_are_those_of_sed_eval_whatever_the_files_are(
    tmp_path: Path, capsys: Capture
) -> None:
    truth, found = ORACLE["reference"], ORACLE["estimates"][0]
    references = [
        as_table(truth, tmp_path / "truth.csv", "filename,onset,offset,event_label", ","),
        as_table(truth, tmp_path / "truth.tsv", "filename\tonset\toffset\tevent_label", "\t"),
        as_labels(truth, tmp_path / "truth"),
        as_raven(truth, tmp_path / "truth.selections.txt"),
    ]
    estimate = as_table(found, tmp_path / "found.csv", "filename;onset;offset;event_label", ";")
    for reference in references:
        words = ("--reference", reference, "--estimate", estimate, "--per-class")
        rows = evaluate(capsys, *words)
        check(rows, "segment", ORACLE["segment_based"][0])
        check(rows, "event", ORACLE["event_based"][0])
        [macro] = [each["macro_f1"] for each in ORACLE["intersections"][:1]]
        by_metric = [row for row in rows if row["metric"] == "intersection"]
        assert by_metric[1]["f1"] == pytest.approx(macro, abs=1e-9)
        assert by_metric[1]["error_rate"] is None
    rows = evaluate(capsys, *words, "--segment", 0.1, "--collar", 0.25, "--onset-only")
    check(rows, "segment", ORACLE["segment_based"][1])
    found = ORACLE["estimates"][1]
    estimate = as_labels(found, tmp_path / "found")
    words = ("--reference", references[0], "--estimate", estimate, "--per-class")
    rows = evaluate(capsys, *words, "--offset-share", "50%")
    check(rows, "event", ORACLE["event_based"][1])
    rows = evaluate(capsys, *words, "--collar", "0,25", "--onset-only")
    check(rows, "event", ORACLE["event_based"][3])


def test_a_table_for_people_and_for_spreadsheets(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "street.txt").write_text("1.0\t2.0\tDog\n3.0\t4.0\tDog\n", encoding="utf-8")
    estimate = tmp_path / "found.csv"
    estimate.write_text("filename,onset,offset,label\nrec/street.flac,1.1,2,dog\n")
    words = ["eval", "--reference", str(tmp_path / "street.txt"), "--estimate", str(estimate)]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    numbers = "     f1  precision  recall  error_rate  reference  estimate  found"
    assert lines[0] == "metric        classes     " + numbers
    numbers = "  0.667      1.000   0.500       0.500          2         1      1"
    assert lines[3] == "event         all (micro) " + numbers
    assert lines[5].split()[-4:] == ["-", "2", "1", "1"]
    path = tmp_path / "figures.csv"
    assert main([*words, "-o", str(path)]) == 0
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    assert (rows[2]["metric"], rows[2]["f1"], rows[4]["error_rate"]) == ("event", "0.666667", "")
    assert main([*words, "-o", str(path)]) == 2
    assert "is there already" in capsys.readouterr().err


def test_what_detect_writes_is_read_in_all_its_forms(street: Path, tmp_path: Path) -> None:
    forms = {
        "a.csv": "csv",
        "a.xlsx": "xlsx",
        "a.json": "json",
        "a.parquet": "parquet",
        "street.txt": "audacity",
        "a.selections.txt": "raven",
        "a.eaf": "eaf",
        "street.TextGrid": "textgrid",
    }
    found = []
    for name, form in forms.items():
        words = ["detect", str(street), "--model", "PannsMini", "--device", "cpu", "-q"]
        assert main([*words, "-f", form, "-o", str(tmp_path / name)]) == 0
        [events] = read_annotations(tmp_path / name).values()
        found.append([(round(e.onset, 3), round(e.offset, 3), e.label) for e in events])
        has_no_probability = form in ("eaf", "textgrid")
        assert all((event.probability == 1) == has_no_probability for event in events)
    assert len(found[0]) > 3
    assert all(sorted(each) == sorted(found[0]) for each in found)


def test_classes_and_recordings_that_are_in_one_alone_are_named(
    tmp_path: Path, capsys: Capture
) -> None:
    reference, estimate = tmp_path / "a.csv", tmp_path / "b.csv"
    reference.write_text(
        "filename,onset,offset,label\nx.wav,0,1,Dog\nx.wav,2,3,Cat\ny.wav,0,1,Cat\n"
    )
    estimate.write_text("filename,onset,offset,label\nx.wav,0,1,Dog\nz.wav,0,1,Bird\n")
    words = ["eval", "--reference", str(reference), "--estimate", str(estimate), "-f", "json"]
    assert main([*words, "--classes", "dog"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)[2]["f1"] == 1
    assert "not in the estimate, so that nothing was found in them: 'y'" in err
    assert "not in the reference, so that all in them is wrong: 'z'" in err
    assert "classes that do not count: 'Bird'" in err
    assert main([*words, "--classes", "Dgo"]) == 2
    assert "unknown label 'Dgo'; did you mean Dog" in capsys.readouterr().err
    assert main([*words, "--exclude", "dog,cat"]) == 2


def test_recordings_differ_by_folders_where_names_are_alike() -> None:
    event = Event(0.0, 1.0, "Dog", "", -1, 1.0, 1.0)
    there, found = aligned(
        {"1/a": [event], "2/a": []}, {"/rec/1/a.wav": [event], "/rec/2/a.wav": [event]}
    )
    assert [*there] == [*found] == [str(Path("1/a")), str(Path("2/a"))]
    there, found = aligned({"a.txt": []}, {"deep/below/a.flac": []})
    assert there == found == {"a": []}
    there, found = aligned({"2024.05.01.txt": []}, {"rec/2024.05.01.wav": []})
    assert there == found == {"2024.05.01": []}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.txt", "0.5\t0.1\tDog\n", "an event 'Dog' cannot last from 0.5 to 0.1 s"),
        ("a.txt", "0.5\t1.0\n", "the event from 0.5 to 1.0 s has no label"),
        ("a.csv", "time,label\n1,Dog\n", "none of the columns onset, start, begin"),
        ("a.csv", "filename,onset,offset,label\na,x,1,Dog\n", "^the table .* near row 1"),
        ("a.csv", "onset,offset,label\n0:01,0:02,Dog\n", "'0:01' is no number, such as 63.5"),
        ("a.csv", "a,b\n1,2\n", "its first line, 'a,b', has none of the columns onset"),
        ("a.txt", "some remarks\n", "none of the columns onset, .* expected a table with onset"),
        ("a.csv", "onset,offset,what\n0,1,Dog\n", "none of the columns event label, label"),
        ("a.txt", "Selection\tBegin Time (s)\tEnd Time (s)\n1\t0\t1\n", "none of the columns"),
    ],
)
def test_what_is_no_annotation_is_refused(
    name: str, text: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        read_annotations(path)


def test_a_table_of_one_recording_is_called_as_its_file(tmp_path: Path) -> None:
    path = tmp_path / "street.csv"
    path.write_text("class;onset;offset;source\nDog;0,5;1;a.ogg\nCat;1,5;2;b.ogg\n", "utf-8")
    [(name, events)] = read_annotations(path).items()
    assert name == "street.csv"
    times = [(event.label, event.onset, event.offset) for event in events]
    assert times == [("Dog", 0.5, 1.0), ("Cat", 1.5, 2.0)]


def test_a_folder_without_annotations_is_refused(tmp_path: Path, capsys: Capture) -> None:
    with pytest.raises(UsageError, match="there are no annotations in"):
        read_annotations(tmp_path)
    assert main(["eval", "--reference", str(tmp_path / "no.csv"), "--estimate", "x"]) == 2
    assert "no.csv cannot be read: No such file" in capsys.readouterr().err


BY_CHANNEL = """filename,channel,onset,offset,event_label
rec/a.wav,1,0,1,Dog
rec/a.wav,2,0.1,1,Cat
rec/b.wav,1,3,4,Dog
"""


def test_channels_of_a_recording_are_compared_one_by_one(tmp_path: Path, capsys: Capture) -> None:
    """By numbers in tables, and by the names that `--split` gives to files."""
    estimate = tmp_path / "found.csv"
    estimate.write_text(BY_CHANNEL)
    (folder := tmp_path / "labels").mkdir()
    (folder / "a.channel1.txt").write_text("0\t1\tDog\n")
    (folder / "a.channel2.txt").write_text("0.1\t1\tCat\n")
    (folder / "b.txt").write_text("3\t4\tDog\n")
    raven = tmp_path / "truth.selections.txt"
    rows = ("1\t1\t0\t1\ta.wav\tDog", "2\t2\t0.1\t1\ta.wav\tCat", "3\t1\t3\t4\tb.wav\tDog")
    heading = "Selection\tChannel\tBegin Time (s)\tEnd Time (s)\tBegin File\tSpecies"
    raven.write_text("\n".join([heading, *rows]))
    swapped = tmp_path / "swapped.csv"
    swapped.write_text(BY_CHANNEL.replace("1,Dog", "1,Cat", 1).replace("0.1,1,Cat", "0.1,1,Dog"))
    for reference, f1 in ((estimate, 1), (folder, 1), (raven, 1), (swapped, 1 / 3)):
        found = evaluate(capsys, "--reference", reference, "--estimate", estimate)
        assert found[2]["f1"] == pytest.approx(f1), reference


def test_channels_are_one_where_the_whole_recording_was_looked_at(
    tmp_path: Path, capsys: Capture
) -> None:
    by_channel, whole = tmp_path / "channels.csv", tmp_path / "whole.csv"
    by_channel.write_text(BY_CHANNEL)
    whole.write_text("filename,onset,offset,label\na.wav,0,1,Dog\na.wav,0,1,Cat\nb.wav,3,4,Dog\n")
    assert evaluate(capsys, "--reference", by_channel, "--estimate", whole)[2]["f1"] == 1
    assert main(["eval", "--reference", str(whole), "--estimate", str(by_channel)]) == 2
    said = capsys.readouterr().err
    assert "has channels or tracks of 'a', which the reference annotates as a whole" in said


@pytest.mark.parametrize(
    "heading",
    ["file,start,end,label", '"Path";"Begin";"Stop";"Class"', "file\tStart (s)\tEnd (s)\tSpecies"],
)
def test_tables_of_others(heading: str, tmp_path: Path) -> None:
    separator = next(each for each in ";\t," if each in heading)
    rows = [["a.wav", "0.5", "1", "Dog, big"], ["b.wav", "", "", ""]]
    lines = [separator.join(f'"{cell}"' for cell in row) for row in rows]
    (path := tmp_path / "truth.csv").write_text("\n".join([heading, *lines]))
    found = {
        name: [(each.onset, each.offset, each.label) for each in events]
        for name, events in read_annotations(path).items()
    }
    assert found == {"a.wav": [(0.5, 1.0, "Dog, big")], "b.wav": []}


def test_several_files_of_a_recording_are_all_of_it(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("onset,offset,label\n0,1,Dog\n")
    (tmp_path / "a.txt").write_text("1\t2\tCat\n")
    [events] = read_annotations(tmp_path).values()
    assert [event.label for event in events] == ["Dog", "Cat"]


def test_a_file_that_is_no_text_is_refused(street: Path, tmp_path: Path) -> None:
    (path := tmp_path / "a.csv").write_bytes("onset,offset,label\n0,1,Käfer\n".encode("cp1252"))
    for each in (path, street):
        with pytest.raises(UsageError, match=r"is no text in UTF-8 or UTF-16 \(byte"):
            read_annotations(each)


@pytest.mark.parametrize("form", ["csv", "audacity", "json"])
def test_a_folder_that_detect_wrote_is_read(form: str, street: Path, tmp_path: Path) -> None:
    """Beside the results, it holds the journal of the run."""
    words = (
        "detect",
        street,
        "--model",
        "PannsMini",
        "--device",
        "cpu",
        "-q",
        "--split",
        "-f",
        form,
    )
    assert main([*map(str, words), "-o", str(tmp_path / "found")]) == 0
    assert (tmp_path / "found" / ".panns" / "run.json").exists()
    [(name, events)] = read_annotations(tmp_path / "found").items()
    assert Path(name).stem == street.stem
    assert len(events) > 3


def test_a_label_track_with_a_name_of_its_own_is_of_the_only_recording(
    tmp_path: Path, capsys: Capture
) -> None:
    (reference := tmp_path / "Label Track.txt").write_text("0\t1\tDog\n")
    (estimate := tmp_path / "found.csv").write_text("filename,onset,offset,label\na.wav,0,1,Dog\n")
    words = ["eval", "--reference", str(reference), "--estimate", str(estimate), "-f", "json"]
    assert main(words) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)[2]["f1"] == 1
    assert "'Label Track' is taken for 'a': there is no other recording" in err
    estimate.write_text(estimate.read_text() + "b.wav,0,1,Dog\n")
    assert main(words) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)[2]["f1"] == 0
    assert "not in the reference, so that all in them is wrong: 'a', 'b'" in err
