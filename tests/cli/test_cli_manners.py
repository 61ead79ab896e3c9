"""What people stumble over on a command line, and what the program says then."""

from __future__ import annotations

from pathlib import Path

import pytest

from panns_inference import __version__
from panns_inference.cli import main
from panns_inference.cli.commands import COMMANDS

Capture = pytest.CaptureFixture[str]


def ended(capsys: Capture, *words: str) -> tuple[int | str | None, str, str]:
    """Exit status, stdout and stderr of a command line that goes no further than its words."""
    with pytest.raises(SystemExit) as stopped:
        main(words)
    return stopped.value.code, *capsys.readouterr()


def refused(capsys: Capture, *words: str) -> str:
    """The first line of the refusal of a command line."""
    status, out, err = ended(capsys, *words)
    assert (status, out) == (2, "")
    sentence, usage = err.splitlines()
    assert usage.startswith("usage: panns ")
    assert sentence.partition(": error: ")[0] in usage
    assert len(usage) < 100
    return sentence


def test_without_a_command_there_is_help(capsys: Capture) -> None:
    status, out, err = ended(capsys)
    assert (status, err) == (0, "")
    assert ended(capsys, "--help") == (0, out, "")
    assert main(["help"]) == 0
    assert capsys.readouterr().out == out
    for name, summary in COMMANDS.items():
        assert f"  {name} " in out
        assert summary in out


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(command: str, capsys: Capture) -> None:
    _, wanted, _ = ended(capsys, command, "--help")
    assert main(["help", command]) == 0
    assert capsys.readouterr().out == wanted
    assert wanted.startswith(f"usage: panns {command} [OPTION ...]")


@pytest.mark.parametrize("words", ["-V", "--version", "tag -V", "-q tag --version"])
def test_the_version(words: str, capsys: Capture) -> None:
    assert ended(capsys, *words.split()) == (0, f"panns {__version__}\n", "")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("tagg x.wav", "panns: error: unknown command 'tagg'; did you mean tag?"),
        ("lables", "panns: error: unknown command 'lables'; did you mean labels?"),
        ("help detct", "panns: error: unknown command 'detct'; did you mean detect?"),
        ("-q detekt x.wav", "panns: error: there is no command; did you mean detect?"),
        ("xyz", "panns: error: unknown command 'xyz'"),
        ("tag --tpo 3 x.wav", "panns tag: error: unknown option --tpo; did you mean --top?"),
        ("tag --tpo=3 x.wav", "panns tag: error: unknown option --tpo; did you mean --top?"),
        ("tag -top 3 x.wav", "panns tag: error: unknown option -top; did you mean --top?"),
        ("tag -output o x.wav", "panns tag: error: unknown option -output; did you mean --output?"),
        ("--tpo 3 tag x.wav", "panns tag: error: unknown option --tpo; did you mean --top?"),
        ("detect --merge_gap 1 x", "unknown option --merge_gap; did you mean --merge-gap?"),
        ("detect --thresh 1 x", "did you mean --threshold, --threshold-off or --thresholds?"),
        ("completion", "panns completion: error: SHELL is needed"),
        ("clips -o x", "panns clips: error: TABLE is needed"),
        ("tag -f cvs x.wav", "did you mean csv?"),
        ("detect --method boxs x.wav", "did you mean boxes?"),
        ("models dowload Cnn14", "did you mean download?"),
        ("models --sort sped", "did you mean speed?"),
        ("tag --top x y.wav", "--top: 'x' is no whole number"),
        ("tag --top", "--top: needs a value"),
        ("tag --window 2s x.wav", "--window: '2s' is no number: give one such as 0.5"),
        ("tag --threshold nan x.wav", "--threshold: 'nan' is no number"),
        ("tag --threshold 30 x.wav", "--threshold: 30 is no probability: give 0 to 1"),
        ("tag --window 1,500 x.wav", "'1,500' may be 1.500 or 1500: write which"),
        ("tag --method boxes x.wav", "unknown option --method; panns detect has one"),
        ("help tag dog", "there is no place for 'dog'"),
        ("export Cnn14", "--to is needed"),
    ],
)
def test_what_is_wrong_comes_first(words: str, sentence: str, capsys: Capture) -> None:
    assert sentence in refused(capsys, *words.split())


@pytest.mark.parametrize("command", ["tag", "detect", "embed"])
def test_a_command_without_a_recording(command: str, capsys: Capture) -> None:
    assert main([command]) == 2
    sentence, usage = capsys.readouterr().err.splitlines()
    assert sentence.startswith("panns: error: name recordings or folders")
    assert usage.startswith(f"usage: panns {command} [OPTION ...] [RECORDING ...];")


def test_a_recording_without_a_command(street: Path, capsys: Capture) -> None:
    assert f"did you mean panns tag {street}?" in refused(capsys, str(street))


@pytest.mark.parametrize(
    "words",
    [
        "labels --search dog --json",
        "--search dog labels --json",
        "--json --search=dog labels",
        "-v --search labels labels --json",
        "--offline --json labels --search dog",
    ],
)
def test_options_stand_on_either_side_of_the_command(words: str, capsys: Capture) -> None:
    given = words.split()
    value = given[given.index("--search") + 1] if "--search" in given else "dog"
    status = main(given)
    printed = capsys.readouterr()
    assert main(["labels", "--search", value, "--json"]) == status
    assert capsys.readouterr() == printed


def test_options_stand_between_recordings(capsys: Capture) -> None:
    assert main(["models", "list", "Cnn6", "--json", "Cnn10"]) == 0
    mixed = capsys.readouterr().out
    assert main(["models", "list", "Cnn6", "Cnn10", "--json"]) == 0
    assert capsys.readouterr().out == mixed


@pytest.mark.parametrize(
    ("text", "number"), [("0,3", 0.3), ("0.3", 0.3), ("30%", 0.3), ("12,5%", 0.125), ("0,300", 0.3)]
)
def test_decimal_commas(text: str, number: float) -> None:
    from panns_inference.cli.command_line import parse

    given = parse(["detect", "--threshold", text, "--pad", "1,5", "x.wav"])
    assert (given.threshold, given.pad) == (number, 1.5)


def test_a_choice_in_capitals() -> None:
    from panns_inference.cli.command_line import parse

    assert parse(["tag", "-f", "CSV", "x.wav"]).format == "csv"
