"""Lists of recordings: how they are encoded, how their names end, and what is wrong with them."""

from __future__ import annotations

import codecs
import os
import subprocess
import sys
from pathlib import Path

import pytest

from panns_inference import UsageError
from panns_inference.cli import main
from panns_inference.cli.inputs import read_list

NAMES = ["café é.flac", " b .flac", "日本/🎵.wav"]


def written(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return str(path)


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("is_ended", [True, False])
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.hex(),
)
def test_encodings(tmp_path: Path, mark: bytes, encoding: str, end: str, is_ended: bool) -> None:
    text = end.join(NAMES) + (end if is_ended else "")
    place = written(tmp_path / "list.txt", mark + text.encode(encoding))
    assert read_list(place, is_null=False) == NAMES
    place = written(tmp_path / "null.txt", mark + text.replace(end, "\0").encode(encoding))
    assert read_list(place, is_null=True) == NAMES


def test_names_that_are_not_utf8_are_the_bytes_that_they_are(tmp_path: Path) -> None:
    place = written(tmp_path / "list.txt", b"Stra\xdfe.wav\n\xff\n")
    assert [os.fsencode(name) for name in read_list(place, is_null=False)] == [
        b"Stra\xdfe.wav",
        b"\xff",
    ]


def test_names_may_hold_white_space_and_with_null_line_ends(tmp_path: Path) -> None:
    place = written(tmp_path / "list.txt", " a\t\r\n\n \nb\x0bc\x85d\u2028\n".encode())
    assert read_list(place, is_null=False) == [" a\t", " ", "b\x0bc\x85d\u2028"]
    place = written(tmp_path / "null.txt", b"a\nb\r\0\0c\r\n\0")
    assert read_list(place, is_null=True) == ["a\nb\r", "c\r\n"]


def test_a_dash_in_a_list_is_a_file(tmp_path: Path) -> None:
    assert read_list(written(tmp_path / "list.txt", b"-\n"), is_null=False) == ["./-"]


def test_the_lists_that_went_wrong(tmp_path: Path) -> None:
    marked = written(tmp_path / "marked.txt", "\ufeffcafé é.flac\r\nb.flac\r\n".encode())
    assert read_list(marked, is_null=False) == ["café é.flac", "b.flac"]
    mixed = written(tmp_path / "mixed.txt", b"b.flac\nx\0y.wav\n")
    with pytest.raises(UsageError, match=r"mixed\.txt' has a NUL in line 2, .* --null; "):
        read_list(mixed, is_null=False)


@pytest.mark.parametrize("content", [b"a.wav\0b.wav\0", "a.wav\n".encode("utf-16-le")])
def test_a_list_with_nuls_is_not_taken_for_names(tmp_path: Path, content: bytes) -> None:
    place = written(tmp_path / "list.txt", content)
    with pytest.raises(UsageError, match="has a NUL in line 1"):
        read_list(place, is_null=False)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no name"),
        (b"\n\r\n", "holds no name"),
        (codecs.BOM_UTF8, "holds no name"),
        (codecs.BOM_UTF16_LE + b"a", "begins as UTF-16, and is not: truncated data at byte 2"),
        (codecs.BOM_UTF16_LE + b"\x00\xd8a\x00", "begins as UTF-16, and is not"),
    ],
)
def test_lists_without_names(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_list(written(tmp_path / "list.txt", content), is_null=False)


def test_lists_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no\.txt' cannot be read: No such file"):
        read_list(str(tmp_path / "no.txt"), is_null=False)
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        read_list(str(tmp_path), is_null=False)


def panns(command: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """A command of bash, in which `panns` is the program."""
    script = f'panns() {{ "{sys.executable}" -m panns_inference "$@"; }}; {command}'
    return subprocess.run(
        ["bash", "-c", script, "bash", *map(str, arguments)],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("command", "status", "message"),
    [
        ("--files-from - <&-", 2, "the list cannot be read from stdin, which is closed"),
        ("--files-from - </dev/null", 2, "the list stdin holds no name of a recording"),
        ("--files-from - - </dev/null", 2, "stdin is either a recording or the list of them"),
        ("-0 a.wav", 2, "--null is for the list that --files-from names"),
        ("--files-from <(printf 'a\\0b')", 2, "has a NUL in line 1"),
        ("- <&-", 1, "stdin cannot be read: it is closed"),
    ],
)
def test_one_line_and_the_right_status(command: str, status: int, message: str) -> None:
    done = panns(f"panns tag -q --model PannsMini {command}")
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("panns: error: ")
    assert message in done.stderr


def test_what_find_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    street = Path(__file__).parents[2] / "examples" / "street.flac"
    (tmp_path / "line\nend\udce9 .flac").symlink_to(street)
    place = tmp_path / "list"
    found = panns('find "$1" -name "*.flac" -print0 > "$2"', tmp_path, place)
    assert found.returncode == 0
    given = ["tag", "--model", "PannsMini", "--device", "cpu", "-f", "jsonl", "--top", "1"]
    assert main([*given, "-0", "--files-from", str(place)]) == 0
    assert "line\\nend\\udce9 .flac" in capsys.readouterr().out
