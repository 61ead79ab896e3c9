"""Messages name what is wrong as the person wrote it: options on the command line."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import panns_inference
from panns_inference import AudioTagging, UsageError
from panns_inference.cli import main
from panns_inference.wording import argument, counted, of_command_line

MINI = ("--model", "PannsMini", "--device", "cpu")


def test_an_argument_in_both_ways() -> None:
    assert argument("step_filter") == "step_filter"
    assert argument("overwrite", True) == "overwrite=True"
    assert argument("channel", "left") == "channel='left'"
    with of_command_line():
        assert argument("step_filter") == "--step-filter"
        assert argument("overwrite", True) == "--overwrite"
        assert argument("channel", "left") == "--channel left"
        assert argument("checkpoint_path") == "--checkpoint"
        assert argument("folds", 1) == "--folds 1"
    assert argument("jobs", 2) == "jobs=2"


def test_things_are_counted_in_words() -> None:
    assert [counted(number, "clip") for number in (0, 1, 2)] == ["0 clips", "1 clip", "2 clips"]
    assert [counted(number, "class", "classes") for number in (1, 2)] == ["1 class", "2 classes"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("detect --smooth -1", "--smooth must be a number of seconds"),
        ("detect --merge-gap -1", "--merge-gap must be a number of seconds"),
        ("detect --method boxes --pad 1", "--pad is a rule of the method threshold"),
        ("detect --method boxes --step-filter 0", "--step-filter must be a number of seconds"),
        ("detect --method boxes --merge-ratio 0", "--merge-ratio must be a ratio"),
        ("detect --threshold .2 --threshold-off .3", "--threshold-off must be at most --threshold"),
        ("detect --window 2", "--window and --hop are for networks that have none"),
        ("tag --hop 1", "--hop is the step between windows: give their length, too: --window"),
        ("tag --window 0", "--window must be a number of seconds above 0"),
        ("tag --skip-silence 3", "--skip-silence is a level below full scale"),
        ("tag --skip-silence -90 --min-clip 3", "--min-clip adds silence and --skip-silence"),
        ("tag -o there.csv -f csv", "there.csv is there already: give another name, or replace it"),
        ("tag -o . -f csv", "'.' is a folder: --split puts one file a recording there"),
    ],
)
def test_on_the_command_line(
    words: str,
    message: str,
    street: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there.csv").write_text("mine")
    assert main([*words.split(), str(street), *MINI]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert not re.search(r"\w=\w|\b[a-z]+_[a-z]+\b", said.replace(str(street), ""))


def test_in_python_afterwards(street: Path) -> None:
    assert main(["tag", "--hop", "1", str(street), *MINI]) == 2
    with pytest.raises(UsageError, match=r"^hop is the step between windows"):
        AudioTagging("PannsMini").tag(street, hop=1)


def strings(path: Path) -> list[str]:
    """The texts of a module that are no docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return [n.value for n in constants if isinstance(n.value, str) and id(n) not in told]


def test_no_message_says_it_in_both_ways() -> None:
    """What is below the command line leaves to `argument` how an option is written."""
    rooms = Path(panns_inference.__file__).parent
    both = re.compile(
        r"\b\w+=(True)?,? (or )?--[a-z]|--[a-z-]+ (\w+ )?or \w+=|--(overwrite|split)\b"
    )
    offenders = [
        f"{path.relative_to(rooms)}: {text}"
        for path in rooms.rglob("*.py")
        if path.relative_to(rooms).parts[0] != "cli"
        for text in strings(path)
        if both.search(text)
    ]
    assert not offenders, "\n".join(offenders)


@pytest.mark.parametrize(
    ("address", "advice"),
    [
        ("https://a.org/b.wav?c=d", "give that, such as by curl -LO 'https://a.org/b.wav?c=d'"),
        ("s3://bucket/b.wav", "save it as a file and give that\n"),
    ],
)
def test_an_address_is_answered_with_a_command(
    address: str, advice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tag", address, *MINI]) == 1
    said = capsys.readouterr().err
    assert advice in said
    assert "with urllib" not in said
    assert "fsspec" not in said
