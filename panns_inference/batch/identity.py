"""What a run is asked, as `run.json` says it: two that are asked the same give the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import UsageError
from ..formats import Format
from ..results import Detection, Embedding, Result, Tagging
from ..verbs import Detect, Embed, Tag, Verb

KINDS: dict[type[Verb], tuple[str, type[Result]]] = {
    Tag: ("tag", Tagging),
    Detect: ("detect", Detection),
    Embed: ("embed", Embedding),
}
"""Name of each verb, and what it gives."""

TOLD_ONLY = frozenset({"inputs", "runtime", "device"})
"""What `run.json` tells, and the next run may change."""


def identity_of(verb: Verb) -> dict[str, Any]:
    """Verb, settings and network, ready for JSON.

    Args:
        verb: what is asked.
    """
    model = verb.model
    labels = "\n".join(model.labels).encode("utf-8", "surrogatepass")
    return {
        "panns_inference": __version__,
        "verb": KINDS[type(verb)][0],
        "settings": verb.settings,
        "model": model.name,
        "labels": f"sha256:{hashlib.sha256(labels).hexdigest()}",
        "sample_rate": model.sample_rate,
        "frames_per_second": model.frames_per_second,
        "device": model.engine.device,
        **model.engine.identity(),
    }


def check_format(form: Format, verb: Verb) -> None:
    """Make sure that a format can hold what a verb gives, before anything is heard.

    Args:
        form: the format.
        verb: what is asked.

    Raises:
        UsageError: if it cannot.
    """
    name, kind = KINDS[type(verb)]
    if kind not in form.results:
        able = " or ".join(each.__name__ for each in form.results)
        raise UsageError(f"{form.name} holds {able}, not the {kind.__name__} that {name} gives")
    if form.framewise and not (isinstance(verb, Detect) and verb.framewise):
        raise UsageError(
            f"{form.name} holds framewise probabilities: ask for them by "
            'model.verb("detect", framewise=True)'
        )


def compare(was: Mapping[str, Any], now: Mapping[str, Any], folder: Path) -> None:
    """Make sure that an earlier run was asked the same.

    Args:
        was: what it was asked, as `run.json` says it.
        now: what is asked now.
        folder: of the journal.

    Raises:
        UsageError: if it was not; the message shows what differs.
    """
    old, new = _flat(was), _flat(json.loads(json.dumps(now)))
    lines = [
        f"  {name}: was {old.get(name)!r}, is {new.get(name)!r}"
        for name in {**old, **new}
        if old.get(name) != new.get(name)
    ]
    if lines:
        raise UsageError(
            f"{folder} is of a run that was asked something else:",
            *lines,
            "ask the same to go on, give another output, or begin anew: overwrite=True, "
            "--overwrite",
        )


def digest_of(asked: Mapping[str, Any]) -> str:
    """The same for two runs that are asked the same: 16 hexadecimal digits.

    Args:
        asked: as `run.json` says it.
    """
    values = json.dumps(sorted(_flat(json.loads(json.dumps(asked))).items()))
    return hashlib.sha256(values.encode()).hexdigest()[:16]


def digest_of_path(path: str) -> str:
    """The name of files that belong to a recording: 32 hexadecimal digits.

    Args:
        path: of the recording.
    """
    return hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with those of inner mappings, without what the next run may change."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        inner = value if isinstance(value, dict) else {}
        flat |= {f"{name}.{key}": each for key, each in inner.items()} if inner else {name: value}
    return {name: value for name, value in flat.items() if name not in TOLD_ONLY}
