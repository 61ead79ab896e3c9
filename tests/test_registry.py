"""The registry against the networks that are built, and the list of published files."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from reference.stored import REFERENCE, table

from panns_inference import registry
from panns_inference.checkpoints import cached, verify
from panns_inference.errors import UsageError
from panns_inference.models import build, multi_adds, network_class, parameters
from panns_inference.registry import (
    CHECKPOINTS,
    NETWORKS,
    SOURCES,
    Checkpoint,
    Source,
    checkpoint_named,
    checkpoint_of,
    find,
)

EFFICIENTAT = [name for name, entry in NETWORKS.items() if entry.module == "efficientat"]


@pytest.fixture(scope="module")
def rows() -> dict[str, dict[str, str]]:
    """What was gathered on the published files, by name of their network."""
    return table("published.csv")


# Networks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NETWORKS)
def test_a_row_says_what_its_network_is(name: str) -> None:
    entry = NETWORKS[name]
    with torch.device("meta"):
        network = build(name)
    assert type(network) is network_class(name)
    assert type(network).__name__ == entry.name == name
    assert type(network).__module__ == f"panns_inference.models.{entry.module}"
    assert entry.sample_rate == network.sample_rate
    assert entry.output_names == network.output_names
    assert entry.min_clip == (3 if name == "LeeNet11" else 0)
    assert entry.threshold == (0.2 if name == "PannsMini" else 0.5)
    assert entry.parameters == parameters(network)
    assert entry.multi_adds == multi_adds(network)
    assert entry.weights_bytes == sum(4 * each.numel() for each in network.state_dict().values())
    assert entry.checkpoint is CHECKPOINTS.get(name)
    assert entry.checkpoint is None or entry.checkpoint.name == name


def test_there_are_the_networks_of_the_reference_and_of_others_and_our_own() -> None:
    assert {*NETWORKS} == {"PannsMini", *REFERENCE, *EFFICIENTAT}
    assert len(REFERENCE) == 29
    assert len(EFFICIENTAT) == 17


@pytest.mark.parametrize("name", ["cnn14", "CNN-14", " Cnn14 ", "cnn_14"])
def test_a_name_may_be_written_in_many_ways(name: str) -> None:
    assert find(name) is NETWORKS["Cnn14"]
    assert checkpoint_of(name) is CHECKPOINTS["Cnn14"]


def test_a_wrong_name_gets_the_nearest_ones() -> None:
    for looked_up in (find, checkpoint_of, network_class):
        with pytest.raises(UsageError, match=r"unknown network 'MobileNetV3'; .*MobileNetV"):
            looked_up("MobileNetV3")


OTHER = '''

class Cnn14_emb8(Cnn14):
    """CNN14 with an embedding of 8."""

    embedding_size = 8
'''
USE = """
import torch
from panns_inference import registry
from panns_inference.cli import main
from panns_inference.models import *
with torch.device("meta"):
    network = build("cnn14-emb8")
assert type(network) is Cnn14_emb8
assert registry.checkpoint_of("Cnn14_emb8").url.endswith("/files/8.pt?download=1")
main(["models", "list", "Cnn14_emb8", "--markdown"])
"""


def test_one_more_network_is_its_class_and_its_row(tmp_path: Path) -> None:
    package = tmp_path / "panns_inference"
    shutil.copytree(Path(registry.__file__).parent, package)
    with (package / "models" / "cnn.py").open("a", encoding="utf-8") as file:
        file.write(OTHER)
    row = "Cnn14_emb8,cnn,32000,,,clipwise_output embedding,75510951,42209110127,0,"
    with (package / "registry.csv").open("a", encoding="utf-8") as file:
        file.write(f"{row}zenodo,8.pt,0.1,9,,,\n")
    run = subprocess.run(
        [sys.executable, "-c", USE], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert run.stdout.splitlines()[-1] == (
        "| Cnn14_emb8 | 0.100 | 75.5 M | 42.2 G | 0 MB | clipwise, embedding |"
    )


# Published weights -----------------------------------------------------------------------------


def test_every_file_of_the_list_is_there_and_no_other(rows: dict[str, dict[str, str]]) -> None:
    assert len(rows) == 22
    assert set(CHECKPOINTS) == {"PannsMini", *rows, *EFFICIENTAT}
    assert [name for name, row in CHECKPOINTS.items() if row.packaged] == ["PannsMini"]


def test_the_packaged_file_is_the_one_that_is_meant() -> None:
    checkpoint = CHECKPOINTS["PannsMini"]
    path = cached(checkpoint)
    assert path is not None
    assert verify(path, checkpoint).verdict == "verified"
    assert checkpoint.file == path.name == "PannsMini.pth"
    assert path.stat().st_size <= 4_000_000
    assert checkpoint.source == Source("", "MIT")


def test_each_row_says_what_the_list_says(rows: dict[str, dict[str, str]]) -> None:
    for name, row in rows.items():
        checkpoint = CHECKPOINTS[name]
        assert checkpoint.file == row["file"]
        assert checkpoint.mean_average_precision == float(row["published_map"])
        assert checkpoint.url == f"https://zenodo.org{row['url_path']}"
        assert checkpoint.size == (int(row["size_bytes"]) if row["size_bytes"] else None)
        assert checkpoint.md5 == (row["md5"] or None)
        assert checkpoint.sha256 == (row["sha256"] or None)


def test_the_networks_have_the_settings_of_their_files(rows: dict[str, dict[str, str]]) -> None:
    for name, row in rows.items():
        network = network_class(name)
        given = {key: float(value) for key, value in asdict(network.published).items()}
        assert given == {key: float(row[key]) for key in given}
        assert row["classes_num"] == "527"
        if row["embedding_dim"]:
            assert network.embedding_size == int(row["embedding_dim"])


def test_what_is_not_known_is_none() -> None:
    without = {name for name, row in CHECKPOINTS.items() if not row.has_checksum}
    assert without - {*EFFICIENTAT} == {
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
    assert {*EFFICIENTAT} - without == {"mn04_as"}
    assert Checkpoint("A", "A.pth", SOURCES["zenodo"], sha256="0" * 64).has_checksum


def test_checksums_have_the_form_of_checksums() -> None:
    known = [(row.md5, 32) for row in CHECKPOINTS.values()]
    known += [(row.sha256, 64) for row in CHECKPOINTS.values()]
    digits = [
        text for text, length in known if text and re.fullmatch(f"[0-9a-f]{{{length}}}", text)
    ]
    assert len(digits) == 20
    assert len(set(digits)) == 20


def test_the_record_on_zenodo() -> None:
    source = SOURCES["zenodo"]
    assert source.licence == "CC BY 4.0"
    assert "28 (2020), 2880-2894" in source.citation


def test_the_release_of_efficientat() -> None:
    source = SOURCES["efficientat"]
    assert source.licence == "MIT"
    assert "ICASSP 2023" in source.citation
    releases = "https://github.com/fschmid56/EfficientAT/releases/download/v0.0.1"
    for name in EFFICIENTAT:
        checkpoint = CHECKPOINTS[name]
        thousandths = round(1000 * (checkpoint.mean_average_precision or 0))
        assert checkpoint.url == f"{releases}/{name}_mAP_{thousandths}.pt"


def test_a_file_from_elsewhere_has_an_address_of_another_form() -> None:
    source = Source("https://files.example/v1/{file}", "Apache 2.0")
    assert Checkpoint("A", "a b.pt", source).url == "https://files.example/v1/a%20b.pt"


def test_a_network_without_published_weights() -> None:
    with pytest.raises(UsageError, match=r"no weights of Cnn14_mel32 are published: .*Cnn14_16k"):
        checkpoint_of("Cnn14_mel32")


def test_names_of_files() -> None:
    assert checkpoint_named("Cnn14_16k_mAP=0.438.pth") is CHECKPOINTS["Cnn14_16k"]
    for file in ("Cnn14_DecisionLevelMax.pth", "Cnn14_DecisionLevelMax_mAP=0.385.pth"):
        assert checkpoint_named(file) is CHECKPOINTS["Cnn14_DecisionLevelMax"]
    assert checkpoint_named("Cnn14.pth") is None


def test_a_checkpoint_as_text_says_what_is_known() -> None:
    assert str(CHECKPOINTS["LeeNet11"]) == (
        "LeeNet11_mAP=0.266.pth (3,012,373 bytes, md5 61ba7a7a85542fe4e97240db974eb158)"
    )
    assert str(CHECKPOINTS["DaiNet19"]) == (
        "DaiNet19_mAP=0.295.pth (size not known, md5 not known)"
    )


@pytest.mark.parametrize("module", ["registry", "checkpoints"])
def test_listing_is_light(module: str) -> None:
    code = (
        f"import sys, panns_inference.{module};"
        "print([name for name in ('torch', 'requests', 'tqdm', 'numpy') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_the_event_f1_is_the_one_that_was_measured() -> None:
    """On the second half of the soundscapes, at the threshold that is best on the first."""
    folder = Path(__file__).parents[1] / "recipes" / "mini"
    with (folder / "detectors.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["method"] == "threshold"]
    measured = {}
    for name in {row["network"] for row in rows}:
        of = {
            half: {
                row["threshold"]: float(row["event_f1"])
                for row in rows
                if (row["network"], row["soundscapes"]) == (name, f"{half} half")
            }
            for half in ("first", "second")
        }
        measured[name] = of["second"][max(of["first"], key=lambda each: of["first"][each])]
    assert len(measured) == 3
    known = {name: entry.event_f1 for name, entry in NETWORKS.items()}
    assert {name: figure for name, figure in known.items() if figure is not None} == measured


def test_efficientat_slides_as_measured_best() -> None:
    """By event F1 on the first half of the soundscapes; of the others it was the best as well."""
    path = Path(__file__).parents[1] / "recipes" / "mini" / "slides.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["soundscapes"] == "first half"]
    assert len({(row["window"], row["hop"]) for row in rows}) == 16
    best = max(rows, key=lambda row: float(row["event_f1"]))
    measured = float(best["window"]), float(best["hop"])
    assert {(NETWORKS[name].slide_window, NETWORKS[name].slide_hop) for name in EFFICIENTAT} == {
        measured
    }
