"""Schedule, average and recipe: the small parts of training, against arithmetic."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn

from panns_inference.errors import UsageError
from panns_inference.training.average import MovingAverage
from panns_inference.training.recipe import differences, read_recipe, recipe_text
from panns_inference.training.scalars import ScalarLog, read_scalars
from panns_inference.training.schedule import Schedule


def test_the_schedule_rises_stays_and_falls() -> None:
    schedule = Schedule(peak=1.0, steps=20, warm_up=4, decay=4)
    rates = [schedule(step) for step in range(20)]
    assert rates[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert rates[5:16] == [1.0] * 11
    assert rates[16:] == pytest.approx([0.8, 0.6, 0.4, 0.2])


def test_a_schedule_without_ramps_is_constant() -> None:
    assert {Schedule(0.5, 7)(step) for step in range(7)} == {0.5}


@given(st.integers(1, 50), st.integers(0, 50), st.integers(0, 50))
def test_a_longer_run_is_the_same_until_its_decay(steps: int, warm_up: int, decay: int) -> None:
    short = Schedule(1.0, steps, warm_up, decay)
    long = Schedule(1.0, steps + 9, warm_up, decay)
    for step in range(max(0, steps - decay)):
        assert short(step) == long(step)
    assert all(0 < short(step) <= 1 for step in range(steps))


def test_the_average_is_the_weighted_sum_of_the_past() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    average = MovingAverage(network, 0.5)
    expected = network[0].weight.detach().clone().double()
    for step in range(8):
        with torch.no_grad():
            network[0].weight += torch.randn(2, 2)
        network(torch.randn(3, 2))
        average.update(network, step)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * network[0].weight.detach().double()
    torch.testing.assert_close(average.network[0].weight.double(), expected)
    assert average.network[1].num_batches_tracked == 8
    assert not average.network.training
    assert not any(p.requires_grad for p in average.network.parameters())


def test_scalars_beyond_the_checkpoint_are_written_again(tmp_path: Path) -> None:
    path = tmp_path / "scalars.csv"
    with ScalarLog(tmp_path, ("loss", "mAP")) as log:
        for step in range(1, 6):
            log.write(step, {"loss": step / 3})
    with ScalarLog(tmp_path, ("loss", "mAP"), step=3) as resumed:
        resumed.write(4, {"loss": 0.25, "mAP": 0.5})
    assert path.read_text() == ("step,loss,mAP\n1,0.33333333,\n2,0.66666667,\n3,1,\n4,0.25,0.5\n")
    assert read_scalars(path)[-1] == {"step": 4, "loss": 0.25, "mAP": 0.5}
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert [(each.step, each.value) for each in events.Scalars("loss")] == [
        (1, pytest.approx(1 / 3)),
        (2, pytest.approx(2 / 3)),
        (3, 1),
        (4, 0.25),
    ]
    assert [(each.step, each.value) for each in events.Scalars("mAP")] == [(4, 0.5)]


def test_tensorboard_is_missed_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(UsageError, match=r"pip install 'panns-inference\[train\]'"):
        ScalarLog(tmp_path, ("loss",))
    assert not list(tmp_path.iterdir())


def test_a_new_run_has_no_scalars(tmp_path: Path) -> None:
    assert read_scalars(tmp_path / "none.csv") == []


@dataclass(frozen=True)
class Oven:
    degrees: int
    minutes: int = 30


@dataclass(frozen=True)
class Pan:
    size: float = 0.3
    lid: str = ""
    is_hot: bool | None = None


CHARACTERS = st.characters(exclude_categories=["Cs"])


def test_a_recipe_fills_its_tables(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text("[oven]\ndegrees = 180\n")
    assert read_recipe(path, {"oven": Oven}) == {"oven": Oven(180, 30)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[oven]\nminutes = 3\n", r"keys of \[oven\]: unknown \[\], missing \['degrees'\]"),
        ("[oven]\ndegrees = 3\nfan = 1\n", r"unknown \['fan'\].*allowed are \['degrees'"),
        ("[grill]\n", r"tables: unknown \['grill'\], missing \['oven'\]"),
        ("[oven", "is no recipe .*: give a TOML file with the tables oven; what is learnt"),
        ("path,labels\na.wav,Dog\n", "is no recipe .* what is learnt from is named in it"),
        ("[oven]\ndegrees = '180'\n", r"degrees must be int, not '180'"),
        ("[oven]\ndegrees = 1.5\n", r"degrees must be int, not 1\.5"),
    ],
)
def test_a_wrong_recipe_says_what_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=message):
        read_recipe(path, {"oven": Oven})


def test_values_that_are_given_stand_for_those_of_the_recipe(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text("[oven]\ndegrees = 180\n")
    given = ["oven.minutes=40", "oven.degrees = 200", "pan.lid=none", "pan.size=1"]
    found = read_recipe(path, {"oven": Oven, "pan": Pan}, given)
    assert found == {"oven": Oven(200, 40), "pan": Pan(1, "none")}
    assert differences(found, {"oven": Oven(200), "pan": Pan(1.0, "glass")}) == [
        "oven.minutes was 30, is 40",
        "pan.lid was 'glass', is 'none'",
    ]
    for wrong in ("oven", "oven.degrees", "degrees=3", ".degrees=3", "oven.degrees="):
        with pytest.raises(UsageError, match=r"expected TABLE\.KEY=VALUE, such as"):
            read_recipe(path, {"oven": Oven}, [wrong])


@given(st.floats(allow_nan=False, allow_infinity=False), st.text(CHARACTERS), st.booleans())
def test_a_recipe_that_was_written_is_read_as_it_was(size: float, lid: str, is_hot: bool) -> None:
    recipe = {"pan": Pan(size, lid, is_hot), "oven": Oven(180)}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "recipe.toml"
        path.write_text(recipe_text(recipe), encoding="utf-8")
        assert read_recipe(path, {"pan": Pan, "oven": Oven}) == recipe


def test_a_missing_recipe_is_named(tmp_path: Path) -> None:
    message = r"none\.toml cannot be read as a recipe \(No such file or directory\): give a TOML"
    with pytest.raises(UsageError, match=message):
        read_recipe(tmp_path / "none.toml", {"oven": Oven})


def test_clips_are_no_recipe(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF\xff\xff\xff\xffWAVE")
    for name in ("", "a.wav"):
        with pytest.raises(UsageError, match=r"recipe .* what is learnt from is named in it"):
            read_recipe(tmp_path / name, {"oven": Oven})
