"""`panns doctor FILE`: how a recording is made, and what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_films import film, late
from made_recordings import NOISE, written

from panns_inference.cli import main

Capture = pytest.CaptureFixture[str]


def test_a_film_is_described(tmp_path: Path, capsys: Capture) -> None:
    film(tmp_path / "film.mp4", late)
    assert main(["doctor", str(tmp_path / "film.mp4")]) == 0
    path, *rows = capsys.readouterr().out.splitlines()
    assert path == str(tmp_path / "film.mp4")
    assert [row.split(maxsplit=1) for row in rows] == [
        ["container", "mov,mp4,m4a,3gp,3g2,mj2"],
        ["length", "9.000 s"],
        ["first", "time stamp        0.000 s"],
        ["track", "1                 aac, 1 channel, 48,000 Hz, from 2.978 s, default"],
        ["wrong", "nothing"],
    ]


def test_tracks_are_listed_as_json(two_tracks: Path, capsys: Capture) -> None:
    assert main(["doctor", "--json", str(two_tracks)]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["container"] == "matroska,webm"
    assert [(t["codec"], t["n_channels"], t["sample_rate"]) for t in found["tracks"]] == [
        ("aac", 2, 48_000),
        ("aac", 1, 16_000),
    ]
    assert [track["is_default"] for track in found["tracks"]] == [True, False]
    assert found["wrong"] is None


def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, capsys: Capture) -> None:
    whole, cut, noise = (tmp_path / name for name in ("whole.wav", "cut.flac", "noise.mp4"))
    whole.write_bytes(written("WAV", "PCM_16"))
    cut.write_bytes(written("FLAC", "PCM_16", NOISE)[:20_000])
    noise.write_bytes(NOISE.tobytes())
    missing = tmp_path / "missing\u202e.wav"
    assert main(["doctor", *map(str, (whole, cut, noise, missing))]) == 1
    out = capsys.readouterr().out
    wrong = [row.split(maxsplit=1)[1] for row in out.splitlines() if row.startswith("  wrong")]
    assert wrong[0] == "nothing"
    assert "cut.flac' is cut off or damaged" in wrong[1]
    assert "noise.mp4' cannot be decoded" in wrong[2]
    assert "no such file" in wrong[3]
    assert "\u202e" not in out
    assert out.count("  container") == 2
