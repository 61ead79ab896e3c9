"""The table of published files against the list that was gathered, and the way into it."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import asdict

import pytest
from reference.stored import table

from panns_inference.checkpoints import (
    ADDRESS,
    CHECKPOINTS,
    CITATION,
    LICENCE,
    RECORD,
    Checkpoint,
    cached,
    find,
    verify,
)
from panns_inference.checkpoints.registry import named
from panns_inference.errors import UsageError
from panns_inference.models import NETWORKS, REFERENCE


@pytest.fixture(scope="module")
def rows() -> dict[str, dict[str, str]]:
    return table("published.csv")


def test_every_file_of_the_list_is_there_and_no_other(rows: dict[str, dict[str, str]]) -> None:
    assert len(rows) == 22
    assert set(CHECKPOINTS) == {"PannsMini", *rows}
    assert [name for name, row in CHECKPOINTS.items() if row.packaged] == ["PannsMini"]


def test_the_packaged_file_is_the_one_that_is_meant() -> None:
    checkpoint = CHECKPOINTS["PannsMini"]
    path = cached(checkpoint)
    assert path is not None
    assert verify(path, checkpoint).verdict == "verified"
    assert checkpoint.file == path.name == "PannsMini.pth"
    assert path.stat().st_size <= 4_000_000


def test_each_row_says_what_the_list_says(rows: dict[str, dict[str, str]]) -> None:
    sampler = {None: "", True: "yes", False: "no"}
    for name, row in rows.items():
        checkpoint = CHECKPOINTS[name]
        assert checkpoint.name == name
        assert checkpoint.file == row["file"]
        assert checkpoint.mean_average_precision == float(row["published_map"])
        assert checkpoint.url == f"https://zenodo.org{row['url_path']}"
        for field, cell in (
            (checkpoint.size, row["size_bytes"]),
            (checkpoint.md5, row["md5"]),
            (checkpoint.sha256, row["sha256"]),
            (checkpoint.iteration, row["iteration"]),
        ):
            assert ("" if field is None else str(field)) == cell
        assert sampler[checkpoint.has_sampler] == row["has_sampler"]


def test_the_networks_have_the_settings_of_their_files(rows: dict[str, dict[str, str]]) -> None:
    for name, row in rows.items():
        network = REFERENCE[name]
        given = {key: float(value) for key, value in asdict(network.published).items()}
        assert given == {key: float(row[key]) for key in given}
        assert row["classes_num"] == "527"
        if row["embedding_dim"]:
            assert network.embedding_size == int(row["embedding_dim"])


def test_the_rows_stand_in_the_order_of_the_networks() -> None:
    assert list(CHECKPOINTS) == [name for name in NETWORKS if name in CHECKPOINTS]


def test_what_is_not_known_is_none() -> None:
    assert {name for name, row in CHECKPOINTS.items() if not row.has_checksum} == {
        "Cnn14_emb512",
        "Cnn14_emb128",
        "Cnn14_emb32",
        "Cnn14_8k",
        "MobileNetV2",
        "LeeNet24",
        "DaiNet19",
        "Res1dNet31",
        "Res1dNet51",
    }
    assert Checkpoint("A", 0.1, sha256="0" * 64).has_checksum


def test_checksums_have_the_form_of_checksums() -> None:
    known = [(row.md5, 32) for row in CHECKPOINTS.values()]
    known += [(row.sha256, 64) for row in CHECKPOINTS.values()]
    digits = [
        text for text, length in known if text and re.fullmatch(f"[0-9a-f]{{{length}}}", text)
    ]
    assert len(digits) == 19
    assert len(set(digits)) == 19


def test_the_record() -> None:
    assert RECORD == 3987831
    assert ADDRESS == "https://zenodo.org/record/3987831/files"
    assert LICENCE == "CC BY 4.0"
    assert "28 (2020), 2880-2894" in CITATION


@pytest.mark.parametrize("name", ["cnn14", "CNN-14", " Cnn14 ", "cnn_14"])
def test_a_name_may_be_written_in_many_ways(name: str) -> None:
    assert find(name) is CHECKPOINTS["Cnn14"]


def test_a_wrong_name_gets_the_nearest_ones() -> None:
    with pytest.raises(UsageError, match=r"unknown checkpoint 'MobileNetV3'; .*MobileNetV"):
        find("MobileNetV3")
    with pytest.raises(UsageError, match="unknown checkpoint 'Cnn14_mel32'"):
        find("Cnn14_mel32")  # a network without published weights


def test_names_of_files() -> None:
    assert named("Cnn14_16k_mAP=0.438.pth") is CHECKPOINTS["Cnn14_16k"]
    assert named("Cnn14_DecisionLevelMax.pth") is CHECKPOINTS["Cnn14_DecisionLevelMax"]
    assert named("Cnn14_DecisionLevelMax_mAP=0.385.pth") is CHECKPOINTS["Cnn14_DecisionLevelMax"]
    assert named("Cnn14.pth") is None


def test_a_row_as_text_says_what_is_known() -> None:
    assert str(CHECKPOINTS["LeeNet11"]) == (
        "LeeNet11_mAP=0.266.pth (3,012,373 bytes, md5 61ba7a7a85542fe4e97240db974eb158)"
    )
    assert str(CHECKPOINTS["DaiNet19"]) == (
        "DaiNet19_mAP=0.295.pth (size not known, md5 not known)"
    )


def test_the_room_is_light() -> None:
    code = (
        "import sys, panns_inference.checkpoints;"
        "print([name for name in ('torch', 'requests', 'tqdm', 'numpy') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
