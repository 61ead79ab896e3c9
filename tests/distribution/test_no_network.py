"""The first run: no network, an empty home, and the model that comes with the package."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from panns_inference import AudioTagging, SoundEventDetection
from panns_inference.checkpoints import CHECKPOINTS
from panns_inference.cli import main
from panns_inference.settings import cache_folder

STREET = Path(__file__).resolve().parents[2] / "examples" / "street.flac"

# The program, in a process in which whoever asks for a connection is found out.
GUARDED = """
import sys

def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        raise SystemExit(f"{event} {arguments}")

sys.addaudithook(refuse)
from panns_inference.cli import main
sys.exit(main(sys.argv[1:]))
"""


def guarded(*arguments: str) -> subprocess.CompletedProcess[str]:
    # Where it may be had, a name space of its own in which there is nothing but a loopback.
    unshare = ["unshare", "--net"] if shutil.which("unshare") else []
    if unshare and subprocess.run([*unshare, "true"], check=False).returncode:
        unshare = []
    return subprocess.run(
        [*unshare, sys.executable, "-c", GUARDED, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_guard_sees_a_connection() -> None:
    done = guarded("models", "download", "LeeNet24")
    assert done.returncode == 1
    assert "socket.getaddrinfo" in done.stderr


@pytest.mark.sample(4)
@pytest.mark.parametrize(
    "arguments",
    [
        ["tag", str(STREET)],
        ["detect", str(STREET)],
        ["embed", str(STREET)],
        ["models"],
        ["models", "verify", "PannsMini"],
        ["doctor"],
        ["labels"],
    ],
    ids=lambda arguments: " ".join(arguments[:1]),
)
def test_nothing_is_asked_for(arguments: list[str], own_home: Path) -> None:
    done = guarded(*arguments)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    # But for the time of the last hint.
    assert {each.name for each in own_home.rglob("*")} <= {
        *(".local", "state", "panns_inference", "better-network")
    }


def test_the_tags_make_sense(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tag", "--json", str(STREET)]) == 0
    printed = capsys.readouterr()
    (result,) = json.loads(printed.out)
    assert result["model"] == "PannsMini"
    assert result["tags"][0]["label"] == "Speech"
    assert printed.err.startswith("panns: using PannsMini; mn10_as is better at ")


def test_the_events_make_sense(capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody speaks from 0.4 to 4.5 s."""
    assert main(["detect", "--json", "--threshold", "0.3", "--classes", "Speech", str(STREET)]) == 0
    (result,) = json.loads(capsys.readouterr().out)
    first, last = result["events"][0], result["events"][-1]
    assert first["onset"] < 1.0
    assert 3.5 < last["offset"] < 6.0


def test_a_downloaded_network_comes_first(
    as_published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache_folder().mkdir(parents=True)
    shutil.copy(as_published, cache_folder())
    assert main(["tag", "--json", str(STREET)]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)[0]["model"] == "LeeNet11"
    assert printed.err.startswith("panns: using LeeNet11; mn10_as is better")
    assert main(["detect", "--json", str(STREET)]) == 0
    assert json.loads(capsys.readouterr().out)[0]["model"] == "PannsMini"


@pytest.mark.parametrize("command", ["detect", "embed"])
def test_no_network_is_called_better_where_nothing_was_measured(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A published mAP is of tags: a larger one makes neither better events nor embeddings."""
    assert main([command, "--json", str(STREET)]) == 0
    said = capsys.readouterr().err
    assert said.startswith("panns: using PannsMini")
    assert "better" not in said


def test_no_network_is_called_better_than_the_one_that_was_chosen(
    as_published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = [["--model", "PannsMini"], ["--model", "LeeNet11", "--checkpoint", str(as_published)]]
    for choice in chosen:
        assert main(["tag", *choice, str(STREET)]) == 0
        assert capsys.readouterr().err == ""


def test_the_best_network_names_no_other(
    monkeypatch: pytest.MonkeyPatch, as_published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache_folder().mkdir(parents=True)
    shutil.copy(as_published, cache_folder())
    monkeypatch.setitem(vars(CHECKPOINTS["LeeNet11"]), "mean_average_precision", 0.470)
    assert main(["tag", str(STREET)]) == 0
    assert "better" in capsys.readouterr().err
    monkeypatch.setitem(vars(CHECKPOINTS["LeeNet11"]), "mean_average_precision", 0.471)
    assert main(["tag", str(STREET)]) == 0
    assert capsys.readouterr().err == "panns: using LeeNet11\n"


def test_both_classes_run_it() -> None:
    tagging = AudioTagging("PannsMini", device="cpu").tag(STREET)
    assert tagging.tags[0].label == "Speech"
    assert tagging.embedding is not None
    assert tagging.embedding.shape == (512,)
    detection = SoundEventDetection("panns-mini", device="cpu").detect(
        STREET, threshold=0.3, framewise=True
    )
    assert detection.framewise.shape == (901, 527)
    assert {event.label for event in detection.events} >= {"Speech"}
