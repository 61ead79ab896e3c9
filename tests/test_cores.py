"""Cores are those that the process is bound to, and its container may use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from panns_inference import cores

BOUND = len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("max 100000\n", BOUND),
        ("50000 100000\n", 1),
        ("100000 100000\n", 1),
        ("6400000 100000\n", min(64, BOUND)),
        ("no quota at all", BOUND),
    ],
)
def test_the_quota_of_a_container(told: str, expected: int, tmp_path: Path) -> None:
    quota = tmp_path / "cpu.max"
    quota.write_text(told, encoding="ascii")
    assert cores.available(quota) == expected


def test_without_a_quota(tmp_path: Path) -> None:
    assert cores.available(tmp_path / "cpu.max") == BOUND


def test_a_process_that_is_bound_to_a_core() -> None:
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
        "from panns_inference.cores import available; print(available())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
