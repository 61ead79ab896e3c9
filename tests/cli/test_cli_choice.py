"""Which network a command uses if none is named, and which it calls better."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from panns_inference import checkpoints
from panns_inference.checkpoints import Checkpoint
from panns_inference.cli.choice import best_here
from panns_inference.registry import NETWORKS

MINI, OTHER = "PannsMini", "Cnn14_DecisionLevelMax"
NOT_MEASURED = (
    f"whose events measured best; those of {OTHER}, the network of panns-inference 0.1, were not "
    f"measured: --model {OTHER}"
)
MN10 = "mn10_as is better at tagging (AudioSet mAP 0.471): panns models download mn10_as"


def chosen(
    output: str, here: set[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> tuple[str, str]:
    """The network, and what is said of it, where some are on the machine."""

    def usable(checkpoint: Checkpoint) -> bool:
        return checkpoint.name in here

    monkeypatch.setattr(checkpoints, "usable", usable)
    monkeypatch.setattr("panns_inference.cli.choice.is_due", lambda _: True)
    with caplog.at_level(logging.INFO, "panns_inference"):
        name = best_here(output)
    return name, caplog.messages[-1]


@pytest.mark.parametrize(
    ("output", "here", "name", "said"),
    [
        ("clipwise_output", {MINI}, "PannsMini", f"using PannsMini; {MN10}"),
        ("clipwise_output", {MINI, "LeeNet11", "Cnn14"}, "Cnn14", f"using Cnn14; {MN10}"),
        ("clipwise_output", {MINI, "mn10_as", "Cnn14"}, "mn10_as", "using mn10_as"),
        ("clipwise_output", {MINI, "mn40_as_ext", "mn10_as"}, "mn40_as_ext", "using mn40_as_ext"),
        ("embedding", {MINI}, "PannsMini", "using PannsMini"),
        # It has no embedding.
        ("embedding", {MINI, OTHER, "Cnn6"}, "Cnn6", "using Cnn6"),
        ("framewise_output", {MINI}, "PannsMini", f"using PannsMini, {NOT_MEASURED}"),
        # A larger mAP, with framewise probabilities or without, says nothing of events.
        (
            "framewise_output",
            {MINI, OTHER, "Cnn14", "mn04_as", "mn10_as"},
            "PannsMini",
            f"using PannsMini, {NOT_MEASURED}",
        ),
    ],
)
def test_the_best_at_its_task_is_used(
    output: str,
    here: set[str],
    name: str,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert chosen(output, here, monkeypatch, caplog) == (name, said)


def test_what_measures_best_finds_events(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As if the events of another one had been measured, and found to be better."""
    measured = replace(NETWORKS[OTHER], event_f1=0.5)
    monkeypatch.setitem(NETWORKS, OTHER, measured)
    better = f"{OTHER} is better at events (event F1 0.500): panns models download {OTHER}"
    assert chosen("framewise_output", {MINI}, monkeypatch, caplog) == (
        "PannsMini",
        f"using PannsMini; {better}",
    )
    assert chosen("framewise_output", {MINI, OTHER}, monkeypatch, caplog)[0] == OTHER


def test_what_was_not_measured_comes_behind(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As if the network in the package were damaged."""
    att = "Cnn14_DecisionLevelAtt"
    for here, name in (({OTHER, att}, att), ({OTHER, "LeeNet11"}, "LeeNet11")):
        found, said = chosen("framewise_output", here, monkeypatch, caplog)
        assert found == name
        assert f"{MINI} is better at events (event F1 {NETWORKS[MINI].event_f1:.3f})" in said
