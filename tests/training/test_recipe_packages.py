"""Sounds of Debian packages, laid out to be learnt from.

The packages are made here with `dpkg-deb`. Of the recipe only `apt-get download` is replaced, by a
copy from a local folder: `fetch` is the parameter for it.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor

from panns_inference.errors import DownloadError
from recipes.mini import package_sounds
from recipes.mini.package_table import Package
from recipes.mini.packages import lay_out
from recipes.mini.teacher import Labels
from recipes.mini.train import HERE

RATE = 32000
GAME = Package("game-data", "1.0-1", "CC0")
TOYS = Package("toys-data", "2.0-1", "MIT", same_as="somebody/toys")
PACKAGES = (GAME, TOYS)

needs_dpkg = pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="dpkg-deb is missing")


def noise(seed: int, seconds: float, rate: int = RATE) -> np.ndarray:
    draw = np.random.default_rng(seed)
    return (0.1 * draw.standard_normal(round(seconds * rate))).astype(np.float32)


def teacher(waveform: Tensor) -> Labels:
    """Logits that tell the seconds of a clip and how much of it is silent."""
    silent = (waveform == 0).float().mean(dim=1)
    seconds = torch.full_like(silent, waveform.shape[1] / RATE)
    return Labels(torch.stack([seconds, silent], dim=1))


def build(package: Package, tree: Path, into: Path) -> None:
    control = tree / "DEBIAN" / "control"
    control.parent.mkdir()
    control.write_text(
        f"Package: {package.name}\nVersion: {package.version}\nArchitecture: all\n"
        "Maintainer: Nobody <nobody@example.org>\nDescription: sounds\n"
    )
    credit = tree / "usr/share/doc" / package.name / "copyright"
    credit.parent.mkdir(parents=True)
    credit.write_text(f"All of {package.name} is free.\n")
    deb = into / f"{package.name}_{package.version}_all.deb"
    subprocess.run(["dpkg-deb", "--build", "-Znone", tree, deb], check=True, capture_output=True)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two packages."""
    folder, game, toys = (tmp_path_factory.mktemp(name) for name in ("debs", "game", "toys"))
    sounds = game / "usr/share/game/sounds"
    (sounds / "music").mkdir(parents=True)
    soundfile.write(sounds / "short.wav", noise(1, 1.0), RATE)
    soundfile.write(sounds / "again.wav", noise(1, 1.0), RATE)
    soundfile.write(sounds / "stereo.WAV", np.stack([noise(2, 6, 44100)] * 2, axis=1), 44100)
    soundfile.write(sounds / "silent.wav", np.full(RATE, 0.0005), RATE)
    soundfile.write(sounds / "click.wav", noise(3, 0.05), RATE)
    (sounds / "broken.ogg").write_bytes(b"OggS" + bytes(100))
    late = np.concatenate([noise(4, 7) / 10, noise(5, 12), noise(6, 3) / 10])
    soundfile.write(sounds / "long.flac", late, RATE)
    soundfile.write(sounds / "music" / "theme.flac", noise(7, 25), RATE)
    (sounds / "link.wav").symlink_to("short.wav")
    (sounds / "notes.txt").write_text("no sound")
    with ZipFile(sounds.parent / "more.pk3", "w") as archive:
        for seed, name in ((8, "sfx/zipped.ogg"), (10, "../../outside.ogg")):
            ogg = io.BytesIO()
            soundfile.write(ogg, noise(seed, 2), RATE, format="OGG")
            archive.writestr(name, ogg.getvalue())
        archive.writestr("readme.txt", "no sound")
    (sounds.parent / "torn.zip").write_bytes(b"PK and no more")
    build(GAME, game, folder)
    (toys / "usr/share/toys").mkdir(parents=True)
    soundfile.write(toys / "usr/share/toys/copied.wav", noise(1, 1.0), RATE)
    soundfile.write(toys / "usr/share/toys/bell.wav", noise(9, 8), RATE)
    build(TOYS, toys, folder)
    return folder


def copied(store: Path, name: str, version: str, folder: Path) -> Path:
    """What stands in for `apt-get download`."""
    return Path(shutil.copy(store / f"{name}_{version}_all.deb", folder))


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def laid_out(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sounds")
    lay_out(PACKAGES, folder, teacher, partial(copied, store))
    return folder


GAMES = "game-data/usr__share__game__"
KEPT = {
    f"{GAMES}more.pk3__outside.ogg.flac",
    f"{GAMES}more.pk3__sfx__zipped.ogg.flac",
    f"{GAMES}sounds__again.wav.flac",
    f"{GAMES}sounds__long.flac.flac",
    f"{GAMES}sounds__music__theme.flac.1.flac",
    f"{GAMES}sounds__music__theme.flac.2.flac",
    f"{GAMES}sounds__stereo.WAV.flac",
    "toys-data/usr__share__toys__bell.wav.flac",
}


@needs_dpkg
def test_the_files_are_what_is_documented(laid_out: Path) -> None:
    audio = {str(p.relative_to(laid_out / "audio")) for p in laid_out.rglob("*.flac")}
    assert audio == KEPT
    others = {name for name in contents(laid_out) if not name.endswith(".flac")}
    assert others == {
        "credits/game-data.copyright",
        "credits/toys-data.copyright",
        "packages/game-data.csv",
        "packages/game-data.npz",
        "packages/toys-data.csv",
        "packages/toys-data.npz",
        "soft.npz",
        "sources.csv",
        "windows.csv",
    }
    assert (laid_out / "credits/toys-data.copyright").read_text() == "All of toys-data is free.\n"


def samples_of(folder: Path, name: str) -> np.ndarray:
    samples, rate = soundfile.read(folder / "audio" / name, dtype="int16")
    assert rate == RATE
    return samples


@needs_dpkg
def test_sounds_are_mono_at_the_rate_and_no_longer_than_10_s(laid_out: Path) -> None:
    exact = np.rint(noise(1, 1.0).astype(np.float64) * 32767)
    np.testing.assert_allclose(
        samples_of(laid_out, f"{GAMES}sounds__again.wav.flac"), exact, atol=2
    )
    assert samples_of(laid_out, f"{GAMES}sounds__stereo.WAV.flac").shape == (6 * RATE,)
    late = np.rint(noise(5, 12).astype(np.float64) * 32767)
    kept = samples_of(laid_out, f"{GAMES}sounds__long.flac.flac").astype(np.float64)
    power = [np.square(late[n : n + 10 * RATE]).sum() for n in range(0, 2 * RATE, 320)]
    assert len(kept) == 10 * RATE
    assert np.square(kept).sum() >= max(power) * 0.999
    for number in (1, 2):
        theme = samples_of(laid_out, f"{GAMES}sounds__music__theme.flac.{number}.flac")
        assert len(theme) == 10 * RATE


@needs_dpkg
def test_the_tables_name_sources_and_windows(laid_out: Path) -> None:
    sources = {row.pop("file"): row for row in table(laid_out / "sources.csv")}
    assert set(sources) == KEPT
    assert sources[f"{GAMES}more.pk3__sfx__zipped.ogg.flac"] == {
        "repository": "debian:game-data",
        "original_path": "usr/share/game/more.pk3/sfx/zipped.ogg",
        "licence": "CC0",
        "credit": "credits/game-data.copyright",
    }
    rows = table(laid_out / "windows.csv")
    spans = {(row["file"], float(row["start"]), float(row["seconds"])) for row in rows}
    theme = [
        (f"{GAMES}sounds__music__theme.flac.{k}.flac", s, 5.0) for k in "12" for s in (0, 2.5, 5)
    ]
    assert spans == {
        *theme,
        *((f"{GAMES}sounds__long.flac.flac", start, 5.0) for start in (0, 2.5, 5)),
        *(("toys-data/usr__share__toys__bell.wav.flac", start, 5.0) for start in (0, 2.5)),
        ("toys-data/usr__share__toys__bell.wav.flac", 5, 3.0),
        (f"{GAMES}more.pk3__outside.ogg.flac", 0, 2.0),
        (f"{GAMES}more.pk3__sfx__zipped.ogg.flac", 0, 2.0),
        (f"{GAMES}sounds__again.wav.flac", 0, 1.0),
        (f"{GAMES}sounds__stereo.WAV.flac", 0, 5.0),
        (f"{GAMES}sounds__stereo.WAV.flac", 2.5, 3.5),
    }
    assert len(rows) == len(spans)


@needs_dpkg
def test_a_split_by_repository_keeps_what_is_the_same_on_one_side(laid_out: Path) -> None:
    for name in ("sources.csv", "windows.csv"):
        found = {row["file"].split("/")[0]: row["repository"] for row in table(laid_out / name)}
        assert found == {"game-data": "debian:game-data", "toys-data": "somebody/toys"}


@needs_dpkg
def test_each_window_is_labelled(laid_out: Path) -> None:
    rows, stored = table(laid_out / "windows.csv"), np.load(laid_out / "soft.npz")
    for name in ("logits", "in_silence"):
        assert stored[name].shape == (len(rows), 2)
        assert stored[name].dtype == np.float16
    for row, as_it_is, in_silence in zip(rows, stored["logits"], stored["in_silence"], strict=True):
        seconds = float(row["seconds"])
        assert as_it_is[0] == seconds
        assert as_it_is[1] < 0.01
        # What is silent of 5 s: all around the window, and 0.5 s between each two of them.
        n_pauses = {5.0: 0, 3.5: 1, 3.0: 1, 2.0: 2, 1.0: 3}[seconds]
        assert in_silence[0] == 5
        assert in_silence[1] == pytest.approx((5 - seconds + n_pauses / 2) / 2 / 5, abs=0.01)


@needs_dpkg
def test_what_is_dropped_is_counted(
    store: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    few = GAME._replace(most=9)
    lay_out([few], tmp_path, teacher, partial(copied, store))
    assert "torn.zip: not unpacked" in caplog.text
    # About as many of each folder: the last file of the one with most of them is too many.
    assert (
        "game-data: 6 sounds, 35 s; dropped {'beyond the most': 1, 'not decodable': 1, "
        "'too short': 1, 'duplicate': 1, 'silent': 1}" in caplog.text
    )


@needs_dpkg
def test_music_beyond_the_most_tracks_is_left_out(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package_sounds, "MOST_TRACKS", 0)
    lay_out(PACKAGES, tmp_path, teacher, partial(copied, store))
    kept = {row["file"] for row in table(tmp_path / "sources.csv")}
    assert kept == {name for name in KEPT if "theme" not in name}


def run_until_killed(store: str, folder: str, step: str, number: str) -> None:
    """Lay out, in a process of its own that is killed at a file or at a clip of the teacher."""
    left = iter(range(int(number)))

    def counted(function, *args, **kwargs):
        if next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)

    heard = partial(counted, teacher) if step == "clip" else teacher
    if step == "file":
        soundfile.write = partial(counted, soundfile.write)
    lay_out(PACKAGES, Path(folder), heard, partial(copied, Path(store)))


@needs_dpkg
@pytest.mark.sample(1)
@pytest.mark.parametrize(
    ("step", "number", "fetched_again"),
    [
        ("file", 4, ["game-data", "toys-data"]),
        ("clip", 5, ["toys-data"]),
        ("file", 7, ["toys-data"]),
    ],
)
def test_killed_it_goes_on_and_ends_the_same(
    store: Path, laid_out: Path, tmp_path: Path, step: str, number: int, fetched_again: list[str]
) -> None:
    code = "import sys, test_recipe_packages as t; t.run_until_killed(*sys.argv[1:])"
    path = os.pathsep.join((str(HERE.parents[1]), str(Path(__file__).parent)))
    killed = subprocess.run(
        [sys.executable, "-c", code, store, tmp_path, step, str(number)],
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "soft.npz").exists()
    for name, written in contents(tmp_path).items():
        if not name.startswith("."):  # what has its name is whole
            assert written == (laid_out / name).read_bytes()
    fetched = []

    def fetch(name: str, version: str, folder: Path) -> Path:
        fetched.append(name)
        return copied(store, name, version, folder)

    lay_out(PACKAGES, tmp_path, teacher, fetch)
    assert fetched == fetched_again
    assert contents(tmp_path) == contents(laid_out)


@needs_dpkg
def test_one_package_after_the_other_is_both_at_once(
    store: Path, laid_out: Path, tmp_path: Path
) -> None:
    for package in PACKAGES:
        lay_out([package], tmp_path, teacher, partial(copied, store))
    assert contents(tmp_path) == contents(laid_out)


@needs_dpkg
def test_a_damaged_package_is_named(store: Path, tmp_path: Path) -> None:
    def torn(name: str, version: str, folder: Path) -> Path:
        deb = copied(store, name, version, folder)
        deb.write_bytes(deb.read_bytes()[:5000])
        return deb

    with pytest.raises(DownloadError, match=r"game-data_1\.0-1_all\.deb: cannot be unpacked"):
        lay_out([GAME], tmp_path, teacher, torn)
