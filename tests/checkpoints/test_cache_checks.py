"""Files in the cache that are not what their names say."""

from __future__ import annotations

import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest
import torch
from filled import GENUINE, save_stream, zeros

from panns_inference import AudioTagging
from panns_inference.checkpoints import CHECKPOINTS, cached, fetch, usable, verification
from panns_inference.cli import main
from panns_inference.errors import CheckpointError
from panns_inference.models import build

STREET = Path(__file__).resolve().parents[2] / "examples" / "street.flac"
LEENET = CHECKPOINTS["LeeNet11"]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setenv("PANNS_HOME", str(folder))
    return folder


@pytest.fixture
def genuine(as_published: Path, cache: Path) -> Path:
    return Path(shutil.copy(as_published, cache))


@pytest.fixture
def flipped(genuine: Path) -> Path:
    """The genuine file with one bit of its weights turned over."""
    content = bytearray(genuine.read_bytes())
    content[1_500_000] ^= 1
    genuine.write_bytes(content)
    return genuine


def aside(path: Path, number: int = 1) -> Path:
    return path.with_name(f"{path.name}.wrong{f'-{number}' if number > 1 else ''}")


# Checked once ----------------------------------------------------------------------------------


def test_a_file_is_read_for_its_checksum_once(
    genuine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fetch(LEENET) == genuine
    kept = json.loads(genuine.with_name(f"{GENUINE}.checked").read_bytes())
    assert kept["signature"][0] == 3_012_373
    assert kept["signature"][3] == genuine.stat().st_ino
    with monkeypatch.context() as patch:
        patch.setattr(verification, "_checksums", None)
        assert fetch(LEENET) == genuine
        os.utime(genuine)
        with pytest.raises(TypeError, match="not callable"):
            fetch(LEENET)
    assert fetch(LEENET) == genuine


@pytest.mark.parametrize("keep_time", [False, True])
def test_a_file_that_changes_is_looked_at_again(genuine: Path, keep_time: bool) -> None:
    fetch(LEENET)
    before = genuine.stat()
    content = bytearray(genuine.read_bytes())
    content[1_500_000] ^= 1
    genuine.write_bytes(content)
    if keep_time:
        os.utime(genuine, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(CheckpointError, match="its checksum is another"):
        fetch(LEENET)


@pytest.mark.parametrize("junk", [b"", b"{", b"[]", b'{"signature": 1}', b"[" * 100_000])
def test_a_damaged_record_is_made_again(genuine: Path, junk: bytes) -> None:
    place = genuine.with_name(f"{GENUINE}.checked")
    place.write_bytes(junk)
    assert fetch(LEENET) == genuine
    # Nobody else's file is replaced, even under this name.
    assert (place.read_bytes() == junk) == (b"signature" not in junk)


def test_a_record_does_not_follow_a_link(genuine: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_bytes(b'{"signature": 1}')
    genuine.with_name(f"{GENUINE}.checked").symlink_to(mine)
    assert fetch(LEENET) == genuine
    assert mine.read_bytes() == b'{"signature": 1}'


# Set aside -------------------------------------------------------------------------------------


def test_a_flipped_bit(flipped: Path) -> None:
    content = flipped.read_bytes()
    with pytest.raises(CheckpointError) as error:
        AudioTagging("LeeNet11", device="cpu")
    assert str(error.value).startswith(
        f"{flipped} is not the published {GENUINE}: its checksum is another; it was set aside as "
        f"{aside(flipped)}. `panns models download LeeNet11`"
    )
    assert aside(flipped).read_bytes() == content
    assert cached(LEENET) is None
    assert [path.name for path in flipped.parent.iterdir()] == [aside(flipped).name]


def test_nothing_that_was_set_aside_before_is_replaced(flipped: Path) -> None:
    aside(flipped).write_bytes(b"mine")
    aside(flipped, 2).mkdir()
    assert usable(LEENET) is None
    assert aside(flipped).read_bytes() == b"mine"
    assert aside(flipped, 3).stat().st_size == 3_012_373


def test_a_link_is_set_aside_and_not_what_it_points_to(flipped: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.pth"
    flipped.rename(mine)
    flipped.symlink_to(mine)
    assert usable(LEENET) is None
    assert mine.stat().st_size == 3_012_373
    assert aside(flipped).is_symlink()


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("MobileNetV1_mAP=0.389.pth", "it has 3,012,373 bytes, expected 23,639,473"),
        ("Cnn6_mAP=0.343.pth", f"it is {GENUINE}"),
        ("DaiNet19_mAP=0.295.pth", f"it is {GENUINE}"),
    ],
)
def test_a_published_file_under_another_published_name(
    genuine: Path, file: str, reason: str
) -> None:
    """Of the first the size is known, of the second a checksum, of the third nothing."""
    path = genuine.rename(genuine.with_name(file))
    name = file.partition("_mAP")[0]
    with pytest.raises(CheckpointError, match=f"is not the published {file}: {reason}; it was set"):
        fetch(CHECKPOINTS[name])
    assert aside(path).exists()


def test_files_of_the_same_size_are_told_apart(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As CNN14 and its detection network, whose keys and shapes are the same, too."""
    path = save_stream(zeros("Cnn14"), cache / "Cnn14_mAP=0.431.pth")
    content = path.read_bytes()
    for name, digest in (("Cnn14", "0" * 64), ("Cnn14_DecisionLevelMax", None)):
        digest = digest or sha256(content).hexdigest()
        md5 = digest[:32]
        row = replace(CHECKPOINTS[name], size=len(content), sha256=digest, md5=md5)
        monkeypatch.setitem(CHECKPOINTS, name, row)
    with pytest.raises(CheckpointError, match="its checksum is another"):
        fetch(CHECKPOINTS["Cnn14"])


# Without a checksum ----------------------------------------------------------------------------

UNKNOWN = CHECKPOINTS["DaiNet19"]


def test_what_fits_its_network_is_used(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save_stream(zeros("DaiNet19"), cache / UNKNOWN.file)
    assert fetch(UNKNOWN) == path
    monkeypatch.setattr("panns_inference.checkpoints.cache.read_state", None)
    assert fetch(UNKNOWN) == path


def test_what_does_not_fit_its_network(cache: Path) -> None:
    path = save_stream(zeros("Cnn6"), cache / UNKNOWN.file)
    with pytest.raises(CheckpointError, match="it fits Cnn6 with 527 classes; it was set aside"):
        fetch(UNKNOWN)
    assert aside(path).exists()


def test_what_is_not_finite(cache: Path) -> None:
    state = build("DaiNet19").state_dict()
    state["fc1.bias"][3] = float("nan")
    torch.save({"model": state}, cache / UNKNOWN.file)
    with pytest.raises(CheckpointError, match=r"NaN or infinite in fc1.bias \(1 of 512 values\)"):
        fetch(UNKNOWN)


def test_what_is_no_weights(cache: Path) -> None:
    (cache / UNKNOWN.file).write_bytes(b"<html>log in</html>")
    with pytest.raises(CheckpointError, match="is a web page, not weights"):
        fetch(UNKNOWN)


# The default network ---------------------------------------------------------------------------


def tagged(capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["tag", "--top", "1", str(STREET)]) == 0
    printed = capsys.readouterr()
    assert "Speech" in printed.out
    return printed.err


def test_the_next_best_is_taken(
    flipped: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (cache / "Cnn6_mAP=0.343.pth").write_bytes(b"junk")
    (cache / "Cnn14_mAP=0.431.pth").mkdir()
    os.mkfifo(cache / "ResNet38_mAP=0.434.pth")
    first = tagged(capsys)
    assert f"panns: warning: {flipped} is not the published {GENUINE}" in first
    assert "warning: " + str(cache / "Cnn6_mAP=0.343.pth") in first
    hint = (
        "panns: using PannsMini; mn10_as is better at tagging (AudioSet mAP 0.471): "
        "panns models download mn10_as"
    )
    assert first.splitlines()[-1] == hint
    assert tagged(capsys) == "panns: using PannsMini\n"


@pytest.mark.parametrize("name", ["a" * 300, "loop/cache", "file/cache"])
def test_a_cache_folder_that_cannot_be_looked_into(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").touch()
    monkeypatch.setenv("PANNS_HOME", str(tmp_path / name))
    assert "using PannsMini" in tagged(capsys)


AS_NOBODY = """
import os, sys
from panns_inference.checkpoints import CHECKPOINTS, fetch, usable
from panns_inference.errors import CheckpointError
if os.getuid() == 0:
    os.setgid(65534), os.setuid(65534)
print(usable(CHECKPOINTS["LeeNet11"]))
try:
    print(fetch(CHECKPOINTS["LeeNet11"], offline=True))
except OSError as error:
    print(type(error).__name__)
except CheckpointError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("closed", "mode", "printed"),
    [
        (".", 0, "None\nDownloadError\n"),
        (GENUINE, 0, f"None\ncannot read .*{GENUINE}: Permission denied\n"),
        (".", 0o555, r"None\n.* it could not be set aside \(Permission denied\)\. .*\n"),
    ],
)
def test_without_the_right_to_read_or_write(
    flipped: Path, closed: str, mode: int, printed: str
) -> None:
    # Not in the folders of pytest, which none but their owner may enter.
    with tempfile.TemporaryDirectory() as parent:
        Path(parent).chmod(0o755)
        folder = Path(shutil.copytree(flipped.parent, Path(parent) / "cache"))
        (folder / closed).chmod(mode)
        run = subprocess.run(
            [sys.executable, "-c", AS_NOBODY],
            env={**os.environ, "PANNS_HOME": str(folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        folder.chmod(0o755)
        assert re.fullmatch(printed, run.stdout), run.stderr
        assert [path.name for path in folder.iterdir()] == [GENUINE]


def test_download_fetches_what_was_wrong_anew(
    flipped: Path,
    as_published: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(as_published.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        monkeypatch.setenv("PANNS_MIRROR", f"http://127.0.0.1:{server.server_port}")
        assert main(["models", "download", "LeeNet11"]) == 0
        server.shutdown()
    assert capsys.readouterr().out == f"{flipped}\n"
    assert flipped.read_bytes() == as_published.read_bytes()
    assert aside(flipped).exists()
