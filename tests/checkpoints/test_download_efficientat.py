"""Downloads from another project's releases, through mirrors that run here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from loopback import Answer, serve, source

from panns_inference import AudioTagging
from panns_inference.checkpoints import CHECKPOINTS, fetch
from panns_inference.errors import DownloadError


@pytest.mark.shared("the weights of mn04_as")
def test_the_networks_of_efficientat_are_fetched_as_all_are(
    shared: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PANNS_HOME", str(tmp_path))
    content = (shared / "distill" / "teacher" / "mn04_as_mAP_432.pt").read_bytes()
    with serve(Answer(content=content[:-1] + b"x"), Answer(content=content)) as mirror:
        monkeypatch.setenv("PANNS_MIRROR", f"{mirror.url}/one {mirror.url}/two")
        path = fetch(CHECKPOINTS["mn04_as"])
        assert [each.path for each in mirror.seen] == [
            "/one/mn04_as_mAP_432.pt",
            "/two/mn04_as_mAP_432.pt",
        ]
    assert path == tmp_path / "mn04_as_mAP_432.pt"
    assert path.read_bytes() == content
    assert AudioTagging("mn04_as", device="cpu", verbose=False).checkpoint == path


def test_a_file_of_efficientat_without_digest_is_one_of_weights_at_least(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PANNS_HOME", str(tmp_path))
    with serve(Answer(content=b"<html>")) as mirror:
        monkeypatch.setenv("PANNS_MIRROR", mirror.url)
        with pytest.raises(DownloadError):
            fetch(replace(CHECKPOINTS["mn10_as"], source=source(mirror.url)))
