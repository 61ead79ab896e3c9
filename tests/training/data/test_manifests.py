"""Tables of clips: read as people have them, and written so that they are read the same."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panns_inference import UsageError, audioset
from panns_inference.training.data import (
    Clip,
    Dataset,
    read_dataset,
    read_manifest,
    write_manifest,
)


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_row_is_a_clip(tmp_path: Path) -> None:
    table = written(
        tmp_path / "clips.csv",
        "path,labels,onset,offset,split,fold,remark\n"
        "yard/1.wav,Dog;Rain,0.5,10,train,1,loud\n"
        "/elsewhere/2.flac,,,,test,2\n"
        "\n"
        "3.ogg, Rain ,2\n",
    )
    found = read_manifest(table)
    assert found.labels == ("Dog", "Rain")
    assert found.mids == ()
    assert found.clips == (
        Clip(tmp_path / "yard" / "1.wav", ("Dog", "Rain"), 0.5, 10.0, "train", "1"),
        Clip(Path("/elsewhere/2.flac"), (), split="test", fold="2"),
        Clip(tmp_path / "3.ogg", ("Rain",), 2.0),
    )
    assert read_manifest(table, root="/music").clips[2].path == Path("/music/3.ogg")
    assert read_manifest(table, labels=["Rain", "Cat", "Dog"]).labels == ("Rain", "Cat", "Dog")


@pytest.mark.parametrize(
    "text",
    [
        "Filename;Target\r\n1.wav;Dog\r\n",
        "filename,fold,target,category\n1.wav,,3,Dog\n",
        "\nfile\tclass\tstart\tend\n1.wav\tDog\t0,0\t\n",
        'path|mids\n1.wav|"/m/0bt9lr"\n',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_tables_of_others_are_read(tmp_path: Path, text: str, encoding: str) -> None:
    (tmp_path / "clips.csv").write_bytes(text.encode(encoding))
    assert read_dataset(tmp_path / "clips.csv").clips == (Clip(tmp_path / "1.wav", ("Dog",)),)


@pytest.mark.shared("ESC-10")
def test_the_table_of_esc10_is_one_of_clips(shared: Path) -> None:
    table = shared / "audio" / "esc10" / "esc10.csv"
    found = read_dataset(table)
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(clip.labels, clip.fold) for clip in found.clips] == [
        ((row["class"],), row["fold"]) for row in rows
    ]
    assert found.is_single_label
    assert all(clip.path.is_file() for clip in found.clips)


def test_recordings_are_found_from_the_present_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `panns search recordings -o review/hits.csv` names them; beside the table comes first."""
    for name in ("recordings/a.wav", "recordings/b.wav", "review/recordings/b.wav"):
        written_below(tmp_path, name)
    monkeypatch.chdir(tmp_path)
    table = written(
        tmp_path / "review" / "hits.csv",
        "filename,label\nrecordings/a.wav,Wren\nrecordings/b.wav,Wren\nrecordings/c.wav,\n",
    )
    assert [clip.path for clip in read_manifest(table).clips] == [
        Path("recordings/a.wav"),
        tmp_path / "review" / "recordings" / "b.wav",
        tmp_path / "review" / "recordings" / "c.wav",
    ]
    found = read_manifest(table, root=tmp_path / "recordings").clips
    assert [clip.path.is_file() for clip in found] == [True, True, False]


def test_no_recording_stands_for_another_of_its_name(tmp_path: Path) -> None:
    """`noise/1.wav` is not there, and `1.wav` is another recording of the table."""
    for name in ("1.wav", "2.wav"):
        written_below(tmp_path, name)
    table = written(
        tmp_path / "clips.csv",
        "path,labels\n1.wav,Dog\nnoise/1.wav,Rain\n2.wav,Cat\nnoise/2.wav,Rain\nelse/3.wav,Wren\n",
    )
    written_below(tmp_path, "3.wav")
    assert [clip.path.relative_to(tmp_path).as_posix() for clip in read_manifest(table).clips] == [
        "1.wav",
        "noise/1.wav",
        "2.wav",
        "noise/2.wav",
        "3.wav",
    ]


def written_below(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).touch()


def test_hits_are_confirmed_or_refused(tmp_path: Path) -> None:
    """A refused one is an example of what the class is not, and one that nobody judged is none."""
    table = written(
        tmp_path / "hits.csv",
        "filename,label,confirmed\n1.wav,Wren,yes\n2.wav,Wren,No\n3.wav,Wren,\n4.wav,Wren, 1 \n"
        "5.wav,Wren;Rain,FALSE\n6.wav,,TRUE\n7.wav,Wren,0.0\n",
    )
    found = read_dataset(table)
    assert [(clip.path.stem, clip.labels) for clip in found.clips] == [
        ("1", ("Wren",)),
        ("2", ()),
        ("4", ("Wren",)),
        ("5", ()),
        ("6", ()),
        ("7", ()),
    ]
    assert found.labels == ("Wren",)
    write_manifest(found, tmp_path / "again.csv")
    assert read_manifest(tmp_path / "again.csv", labels=found.labels) == found


def test_mids_are_those_of_audioset_or_others(tmp_path: Path) -> None:
    table = written(tmp_path / "c.csv", "path,mids\n1.wav,/m/09x0r;/m/0bt9lr\n2.wav,/x/1\n")
    found = read_manifest(table)
    assert found.labels == ("/x/1", "Dog", "Speech")
    assert found.mids == ("/x/1", "/m/0bt9lr", "/m/09x0r")
    whole = read_manifest(table, labels=["/x/1", *audioset.labels])
    assert whole.labels[1:] == tuple(audioset.labels)
    table = written(tmp_path / "c.csv", "path,labels,mids\n1.wav,Wren;Robin,w;r\n")
    found = read_manifest(table)
    assert (found.labels, found.mids) == (("Robin", "Wren"), ("r", "w"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no table of clips: it needs the columns path or filename"),
        ("path,onset\n1.wav,2\n", "is no table of clips: .* and has path, onset"),
        ("path,labels\n", "0 clips with 0 classes"),
        ("path,labels\n,Dog\n", "line 2: it names no recording"),
        ("path,labels,onset\n1.wav,Dog,0\n2.wav,Dog,x\n", "line 3: x is no time in seconds"),
        ("path,labels,onset\n1.wav,Dog,-1\n", "line 2: -1 is no time in seconds"),
        ("path,labels,offset\n1.wav,Dog,nan\n", "line 2: nan is no time in seconds"),
        ("path,labels,onset,offset\n1.wav,Dog,3,2\n", "line 2: a clip from 3.0 to 2.0 s is none"),
        ("path,labels,mids\n1.wav,Dog;Cat,d\n", "line 2: 1 mids do not fit 2 labels"),
        ("path,labels,mids\n1.wav,Dog,d\n2.wav,Dog,e\n", "line 3: 'Dog' has the mids d and e"),
        ('path,labels\n1.wav,"Dog\n', "is no table: unexpected end of data"),
        ("path,labels\n1.wav,\n", "1 clips with 0 classes"),
        ("path,labels\n1.wav,D\0g\n", "holds a NUL"),
        ("path,labels,confirmed\n1.wav,Dog,perhaps\n", "line 2: confirmed is 'perhaps': write yes"),
        ("path,labels,confirmed\n1.wav,Dog,\n", "0 clips with 0 classes"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_manifest(written(tmp_path / "clips.csv", text))


def test_a_table_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_manifest(tmp_path / "clips.csv")
    (tmp_path / "clips.csv").write_bytes("é,".encode("utf-16")[:-1])
    with pytest.raises(UsageError, match="is no text"):
        read_manifest(tmp_path / "clips.csv")


def test_labels_may_have_what_separates_them_in_quotes(tmp_path: Path) -> None:
    rows = """1.wav,\"""Dog; far"" ; Rain\"\n2.wav,"5"" gun;Rain"\n"""
    data = read_manifest(written(tmp_path / "clips.csv", f"path,labels\n{rows}"))
    assert [clip.labels for clip in data.clips] == [("Dog; far", "Rain"), ('5" gun', "Rain")]


def test_labels_may_stand_below_each_other_in_a_cell(tmp_path: Path) -> None:
    """As a spreadsheet writes a cell with line breaks; within quotes they belong to a label."""
    rows = '1.wav,"Dog\nRain"\n2.wav,"\r\nDog"\n3.wav,"""a\nb"";Dog\n\n Rain "\n'
    data = read_manifest(written(tmp_path / "clips.csv", f"path,labels\n{rows}"))
    assert [clip.labels for clip in data.clips] == [
        ("Dog", "Rain"),
        ("Dog",),
        ("a\nb", "Dog", "Rain"),
    ]


@pytest.mark.parametrize("label", [" a", "", "a\n"])
def test_labels_that_a_table_cannot_hold_are_not_written(tmp_path: Path, label: str) -> None:
    with pytest.raises(UsageError, match="cannot stand in a table"):
        write_manifest(Dataset((), (label,)), tmp_path / "clips.csv")
    assert not [*tmp_path.iterdir()]


def test_paths_outside_of_the_folder_are_absolute(tmp_path: Path) -> None:
    clips = (Clip(tmp_path / "in" / "a.wav", ("a",)), Clip(tmp_path / "b.wav", ("a",)))
    (tmp_path / "in").mkdir()
    write_manifest(Dataset(clips, ("a",)), tmp_path / "in" / "clips.csv")
    with (tmp_path / "in" / "clips.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["path"] for row in rows] == ["a.wav", str(tmp_path / "b.wav")]


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
NAMES = TEXTS.map(str.strip).filter(bool)
FILES = st.text(st.characters(exclude_characters="\0/"), min_size=1, max_size=8)
TIMES = st.floats(0, 1e6)


@st.composite
def data_sets(draw: st.DrawFn) -> Dataset:
    labels = draw(st.lists(NAMES, unique=True, min_size=1, max_size=4))
    clips = []
    for file in draw(
        st.lists(FILES.filter(lambda name: name not in (".", "..")), min_size=1, max_size=3)
    ):
        onset, length = draw(TIMES), draw(st.none() | st.floats(1e-3, 100))
        some = draw(st.lists(st.sampled_from(labels), unique=True))
        offset = None if length is None else onset + length
        clips.append(Clip(Path("/data") / file, (*some,), onset, offset, draw(TEXTS), draw(TEXTS)))
    mids = draw(st.lists(NAMES, unique=True, min_size=len(labels), max_size=len(labels)))
    used = {label for clip in clips for label in clip.labels}
    has_mids = used == set(labels) and draw(st.booleans())
    return Dataset(tuple(clips), tuple(labels), tuple(mids) if has_mids else ())


@given(data_sets())
def test_what_is_written_is_read_the_same(data: Dataset) -> None:
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "clips.csv"
        write_manifest(data, table)
        assert read_manifest(table, labels=data.labels) == data
