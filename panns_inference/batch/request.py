"""The request of a run, as `run.json` holds it: equal requests give equal files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from .. import __version__
from ..errors import UsageError
from ..formats import Format
from ..pipeline import DetectionTask, Task
from ..results import Result
from ..wording import argument

R = TypeVar("R", bound=Result)

VERSION = 4
"""Of the layout of journals."""

NOT_COMPARED = frozenset({"inputs", "runtime", "device"})
"""What a later run of the same request may change."""

Request = Mapping[str, Any]
"""Values ready for JSON, by their names."""


def request_of(task: Task[R], more: Request) -> Request:
    """Return task, settings and network, ready for JSON.

    Args:
        task: what is computed of each recording.
        more: what else decides on the files that a run writes.
    """
    model = task.model
    labels = "\n".join(model.labels).encode("utf-8", "surrogatepass")
    return {
        "journal": VERSION,
        "panns_inference": __version__,
        "task": task.name,
        "settings": task.settings,
        "model": model.name,
        "labels": f"sha256:{hashlib.sha256(labels).hexdigest()}",
        "sample_rate": model.sample_rate,
        "frames_per_second": model.frames_per_second,
        "device": model.engine.device,
        **model.engine.identity(),
        **more,
    }


def check_format(form: Format, task: Task[R]) -> None:
    """Make sure that a format can hold the results of a task, before anything is computed.

    Args:
        form: the format.
        task: what is computed of each recording.

    Raises:
        UsageError: if it cannot.
    """
    kind = task.result_type
    if kind not in form.results:
        able = " or ".join(each.__name__ for each in form.results)
        raise UsageError(
            f"{form.name} holds {able}, not the {kind.__name__} that {task.name} gives"
        )
    if form.framewise and not (isinstance(task, DetectionTask) and task.framewise):
        raise UsageError(
            f"{form.name} holds framewise probabilities: they come with "
            "DetectionTask(model, framewise=True)"
        )


def read_request(path: Path, faults: list[str]) -> Request | None:
    """Return the request of an earlier run; None if `run.json` is not there or damaged.

    Args:
        path: of the file.
        faults: takes a line if it is damaged.
    """
    try:
        request = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError):
        request = None
    if isinstance(request, dict):
        return request
    faults.append(f"{path.name} cannot be read")
    return None


def compare(before: Request, now: Request, folder: Path) -> None:
    """Make sure that an earlier run had the same request.

    Args:
        before: its request, as `run.json` holds it.
        now: the request of this run.
        folder: of the journal.

    Raises:
        UsageError: if it had another one; the message shows what differs.
    """
    if before.get("journal") != VERSION:
        raise UsageError(
            f"{folder} was left by another version of this package, and cannot be gone "
            f"on with: give another output, or begin anew: {argument('overwrite', True)}"
        )
    old, new = _flat(before), _flat(now)
    lines = [
        f"  {_written(name)}: was {_shown(old.get(name))}, is {_shown(new.get(name))}"
        for name in {**old, **new}
        if old.get(name) != new.get(name)
    ]
    if lines:
        raise UsageError(
            f"{folder} is of a run with another request:",
            *lines,
            "repeat that request to go on, give another output, or begin anew: "
            f"{argument('overwrite', True)}",
        )


def _written(name: str) -> str:
    """How the user writes what stands in an inner mapping: those hold arguments."""
    _, _, inner = name.partition(".")
    return argument(inner) if inner else name


def _shown(value: object) -> str:
    return "not given" if value is None else repr(value)


def digest_of(request: Request) -> str:
    """Return 16 hexadecimal digits that are equal for equal requests.

    Args:
        request: as `run.json` holds it.
    """
    values = json.dumps(sorted(_flat(request).items()))
    return hashlib.sha256(values.encode()).hexdigest()[:16]


def _flat(request: Request) -> dict[str, Any]:
    """The values with those of inner mappings, as JSON gives them back."""
    flat: dict[str, Any] = {}
    for name, value in json.loads(json.dumps(request)).items():
        inner = value if isinstance(value, dict) else {}
        flat |= {f"{name}.{key}": each for key, each in inner.items()} if inner else {name: value}
    return {name: value for name, value in flat.items() if name not in NOT_COMPARED}
