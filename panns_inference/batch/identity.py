"""What a run is asked, as `run.json` says it: two that are asked the same give the same."""

from __future__ import annotations

import hashlib
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
