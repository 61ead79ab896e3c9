"""`panns` over folders: good and bad files mixed, lists of files, progress, readers that leave."""

from __future__ import annotations

import csv
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from made_formats import by_pyav, by_soundfile, odd_headers
from processes import run, start

from panns_inference.cli import main

NETWORK = ("--model", "PannsMini", "--device", "cpu")
Capture = pytest.CaptureFixture[str]


def panns(*arguments: object) -> int:
    return main([*map(str, (arguments[0], *NETWORK, *arguments[1:]))])


def written(path: Path) -> list[str]:
    with path.open(newline="") as file:
        return list(dict.fromkeys(row["filename"] for row in csv.DictReader(file)))


WITHOUT_THREADS = """
import sys, threading

def refuse(thread):
    raise RuntimeError(f"{thread.name} was started")

threading.Thread.start = refuse
from panns_inference.cli import main

status = main(sys.argv[1:])
rooms = [name for name in sys.modules if name.startswith("panns_inference.batch.")]
print(*sorted(name.rpartition(".")[2] for name in rooms), file=sys.stderr)
sys.exit(status)
"""


def test_a_single_recording_to_stdout_takes_neither_threads_nor_a_journal(folder: Path) -> None:
    command = [sys.executable, "-c", WITHOUT_THREADS, "tag", *NETWORK, str(folder / "clip5.wav")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.count("\n")) == (0, 11)
    loaded = done.stderr.split()
    assert "discover" in loaded
    assert not {"journal", "outputs", "plan", "records", "request", "resume"} & set(loaded)


def test_a_network_that_is_not_needed_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("panns_inference.cli.run.open_model", None)
    monkeypatch.chdir(tmp_path)
    for place in ([], ["-o", "t.csv"]):
        assert main(["tag", "-f", "csv", "a.wav", "b.wav", *place]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert "panns: 2 of 2 recordings failed:\n" in err
        assert "  2 recordings: no such file: a.wav, b.wav\n" in err
    assert list(tmp_path.iterdir()) == []
    assert main(["tag", "a.wav", "--on-error", "raise"]) == 1
    capsys.readouterr()
    assert main(["tag", "-f", "json", "a.wav"]) == 1
    assert capsys.readouterr().out == "[\n]\n"


def test_good_and_bad_files_mixed(tmp_path: Path, capsys: Capture) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    made = (*by_soundfile(folder), *by_pyav(folder), *odd_headers(folder))
    good = {each.path.name for each in made}
    assert len(good) > 130
    wav = (folder / "wav_pcm_16.wav").read_bytes()
    # These are not even named as recordings, and do not begin as one.
    other = {"empty", "error_page.pth", "playlist.m3u8", "settings.json"}
    damaged = {
        "empty.wav": b"",
        "text.wav": b"This is a text, not a recording.\n" * 20,
        "noise.mp3": np.random.default_rng(7).bytes(20_000),
        "archive.flac": b"PK\3\4" + bytes(100),
        "no data.wav": wav[:36],
        "no samples.wav": wav[:40] + bytes(4),
        "no rate.wav": wav[:24] + bytes(4) + wav[28:],
        "no channels.wav": wav[:22] + bytes(2) + wav[24:],
        "unknown codec.wav": wav[:20] + b"ww" + wav[22:],
        "no index.m4a": (folder / "aac.m4a").read_bytes()[:3_000],
    }
    bad = other | set(damaged)
    for name, content in {**damaged, ".hidden.wav": wav}.items():
        (folder / name).write_bytes(content)
    for name in other:
        (folder / name).write_bytes(b"" if name == "empty" else b"<!DOCTYPE html>")
    table = tmp_path / "tags.csv"
    assert panns("tag", "-f", "csv", "--top", 1, folder, "-o", table) == 1
    assert {Path(name).name for name in written(table)} == good
    err = capsys.readouterr().err
    lines = err[err.index(f"{len(bad - other)} of {len(good | bad) - len(other)} recordings") :]
    causes = lines.splitlines()[1:]
    for name in bad - other:
        (cause,) = [line for line in causes if f"/{name}" in line]
        assert any(word in cause for word in ("cannot be decoded", "empty", "no samples"))
    assert ": no recordings by their names and first bytes" in err
    # Named, they are tried, and fail.
    assert panns("tag", *(folder / name for name in sorted(other))) == 1
    err = capsys.readouterr().err
    for name in other:
        assert f"/{name}" in err


@pytest.mark.slow
def test_a_list_of_files(
    folder: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text(f"{folder}/clip9.wav\n\n{folder}/deeper\n")
    assert panns("tag", "-f", "jsonl", folder / "clip5.wav", "--files-from", listed) == 0
    out = capsys.readouterr().out
    assert [Path(json.loads(line)["source"]).name for line in out.splitlines()] == [
        "clip5.wav", "clip9.wav", "long.wav",
    ]  # fmt: skip
    with listed.open() as stdin:
        status, out, err = run("tag", "-f", "jsonl", "--files-from", "-", *NETWORK, stdin=stdin)
    assert status == 0, err
    assert len(out.splitlines()) == 2
    assert panns("tag") == 2
    assert "name recordings or folders" in capsys.readouterr().err


def test_a_pattern_that_no_shell_has_expanded(folder: Path, capsys: Capture) -> None:
    assert panns("tag", "-f", "jsonl", "--top", 1, folder / "clip?.wav") == 0
    assert len(capsys.readouterr().out.splitlines()) == 5


def test_stop_at_the_first_error(folder: Path, tmp_path: Path, capsys: Capture) -> None:
    (folder / "clip6.wav").write_bytes(b"no sound")
    for options in ((), ("-o", tmp_path / "t.csv")):
        assert panns("tag", "-f", "csv", "--on-error", "raise", folder, *options) == 1
        printed = capsys.readouterr()
        assert printed.err.count("clip6.wav") == 1
    assert not (tmp_path / "t.csv").exists()


def test_a_finished_run_says_so(folder: Path, tmp_path: Path, capsys: Capture) -> None:
    given = ("tag", "-f", "csv", folder, "-o", tmp_path / "t.csv")
    assert panns(*given) == 0
    assert "panns: processed 9 of 9 recordings, 0:01:32 of sound, " in capsys.readouterr().err
    assert panns(*given) == 0
    assert capsys.readouterr().err == "panns: nothing new to process, 9 were done before\n"
    assert panns(*given, "-q") == 0
    assert capsys.readouterr().err == ""
    assert panns(*given, "--top", 3) == 2
    assert "  --top: was 10, is 3\n" in capsys.readouterr().err


def test_two_programs_on_one_output(folder: Path, tmp_path: Path) -> None:
    given = ("tag", "-f", "csv", folder, *NETWORK, "-o", tmp_path / "t.csv")
    with start(*given) as first:
        while not (tmp_path / "t.csv.panns" / "run.json").exists():
            time.sleep(0.001)
        first.send_signal(signal.SIGSTOP)
        status, _, err = run(*given)
        first.send_signal(signal.SIGCONT)
        assert first.wait(60) == 0
    assert status == 1
    assert "another process is at work on" in err


def on_a_terminal(*arguments: object, **more: object) -> tuple[int, str]:
    """Exit status, and what a terminal that is stderr shows."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
    with start(*arguments, stderr=theirs, **more) as process:
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 4096):
                shown += part
        except OSError:  # how a terminal ends
            pass
        process.communicate()
    os.close(ours)
    return process.returncode, shown.decode()


def test_progress_on_a_terminal(folder: Path, tmp_path: Path) -> None:
    (folder / "clip6.wav").write_bytes(b"no sound")
    given = ("tag", "-f", "csv", folder, *NETWORK)
    status, shown = on_a_terminal(*given, "-o", tmp_path / "t.csv")
    assert status == 1
    assert "/9 recordings, 0:0" in shown
    assert " times real time, " in shown
    assert ", 1 failed" in shown
    assert "panns: 1 of 9 recordings failed:" in shown
    status, shown = on_a_terminal(*given, "-q", "-o", tmp_path / "q.csv")
    assert "/9" not in shown


def test_a_reader_that_leaves(folder: Path) -> None:
    with start("tag", "-f", "jsonl", folder, folder.parent, *NETWORK) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert "source" in process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1


def test_a_run_that_is_interrupted_goes_on(folder: Path, tmp_path: Path) -> None:
    given = ("tag", "-f", "csv", folder, *NETWORK, "-o", tmp_path / "t.csv")
    with start(*given) as process:
        while not (tmp_path / "t.csv.panns" / "partial").exists():
            time.sleep(0.001)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    # What was not begun has no place to go on from.
    stopped = r"(panns: stopped [^\n]*; the same command goes on\n)?"
    assert re.fullmatch(rf"{stopped}panns: interrupted\n", err)
    assert not (tmp_path / "t.csv.panns" / "lock").exists()
    status, _, err = run(*given)
    assert status == 0, err
    assert len(written(tmp_path / "t.csv")) == 9


def test_the_decoder_of_mp3_does_not_write_between(clip: Path, tmp_path: Path) -> None:
    samples, _ = soundfile.read(clip)
    mp3 = tmp_path / "a.mp3"
    soundfile.write(mp3, np.stack([samples, samples / 2], axis=1)[:44_100], 44_100)
    content = bytearray(mp3.read_bytes())
    content[6000:6400] = bytes(400)
    for name in ("a.mp3", "b.mp3"):
        (tmp_path / name).write_bytes(content)
    status, out, err = run("tag", "-f", "jsonl", tmp_path, *NETWORK)
    assert (status, len(out.splitlines())) == (0, 2)
    assert all(line.startswith("panns: ") for line in err.splitlines())


@pytest.mark.slow
def test_binary_formats(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "frames.npz"
    with path.open("wb") as file:
        status, _, err = run("detect", "-f", "npz", folder / "clip5.wav", *NETWORK, stdout=file)
    assert status == 0, err
    with np.load(path) as archive:
        assert archive["framewise"].shape == (101, 527)
    with (folder / "clip5.wav").open("rb") as stdin:
        status, out, err = run("tag", "-f", "csv", "-", *NETWORK, stdin=stdin)
    assert status == 0, err
    assert out.splitlines()[1].startswith("stdin,")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("-f", "srt"), "holds one recording: name a folder with -o and --split"),
        (("--split",), "name a file with -o, or with --split a folder"),
        (("-", "-o", "x.csv"), "what is read from stdin goes to stdout"),
        (("-o", ""), "-o needs the name of a file or a folder"),
        (("--hop", "1"), "give their length, too: --window"),
        (("--jobs", "2", "--model", "Cnn99"), "unknown network 'Cnn99'"),
        (("--skip-silence", "3"), "0 dB or less"),
    ],
)
def test_wrong_use(folder: Path, capsys: Capture, options: tuple[str, ...], message: str) -> None:
    assert panns("tag", folder, *options) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err


def test_a_process_without_standard_error(folder: Path) -> None:
    command = f"{sys.executable} -m panns_inference tag --top 1 {folder}/clip5.wav 2>&-"
    done = subprocess.run([*("bash", "-c"), f"{command} {' '.join(NETWORK)}"],
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0
    assert "clip5.wav" in done.stdout
