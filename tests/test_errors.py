"""Messages of errors and warnings: one line each, unless more lines are meant."""

from __future__ import annotations

import copy
import os
import pickle
import warnings
from pathlib import Path

import pytest

from panns_inference import errors
from panns_inference.batch import run
from panns_inference.checkpoints import load
from panns_inference.files import atomic_write, open_partial
from panns_inference.models import build
from panns_inference.warning import warn

ODD = "two\nlines\x1b[2J\r\u2028"
SHOWN = r"two\nlines\x1b[2J\r\u2028"

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.PannsError)
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_with_a_line_end_leaves_one_line(kind: type[errors.PannsError]) -> None:
    message = str(kind(f"{ODD} cannot be used"))
    assert message.isprintable()
    assert message.startswith(r"two\nlines")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("travel", [copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_further_lines_travel(kind: type[errors.PannsError], travel: object) -> None:
    error = kind("what happened:", f"  {ODD}", "what to do")
    assert callable(travel)
    for each in (error, travel(error)):
        first, second, third = str(each).split("\n")
        assert (first, second.strip(), third) == ("what happened:", SHOWN, "what to do")
        assert type(each) is kind


def test_a_warning_is_one_line() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn(f"{ODD} was cut")
    assert str(caught[0].message).isprintable()


def _write(path: Path) -> None:
    with atomic_write(path / "x"):
        pass


@pytest.mark.parametrize(
    "use",
    [
        _write,
        open_partial,
        lambda path: load(build("MobileNetV1", classes_num=2), path),
        lambda path: run(lambda: pytest.fail("not opened"), ["x.wav"], path),
    ],
)
def test_what_is_wrong_with_a_path_is_one_line(use: object, tmp_path: Path) -> None:
    place = tmp_path / ODD
    place.mkdir()
    os.symlink(place / "x", place / "x")
    assert callable(use)
    with pytest.raises(errors.PannsError) as caught:
        use(place)
    assert str(caught.value).isprintable()
    assert r"two\nlines" in str(caught.value)
