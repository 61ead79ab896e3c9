"""The smoke tests on every Python, and with the oldest packages that `setup.cfg` allows.

    nox                     all of them
    nox -s smoke-3.12       one

A Python that is not on this machine is passed over, and nox says which. Each session installs what
it needs, torch included, which takes minutes and some GB.
"""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import nox

PYTHONS = ("3.10", "3.11", "3.12", "3.13")
TESTS = ("-m", "slow", "tests/distribution/test_smoke.py")

nox.options.error_on_missing_interpreters = False
nox.options.reuse_venv = "yes"


@nox.session(python=PYTHONS)
def smoke(session: nox.Session) -> None:
    """The newest packages that fit."""
    session.install(".[all]", "pytest")
    session.run("pytest", *TESTS)


@nox.session(python=PYTHONS[0])
def lowest(session: nox.Session) -> None:
    """The oldest packages that `setup.cfg` allows, on the oldest Python."""
    constraints = Path(session.create_tmp()) / "constraints.txt"
    constraints.write_text("\n".join(lowest_versions()) + "\n", encoding="utf-8")
    session.install("--constraint", str(constraints), ".[all]", "pytest")
    session.run("pytest", *TESTS)


def lowest_versions() -> list[str]:
    """The lower bounds of `setup.cfg`, as the only versions."""
    setup = configparser.ConfigParser(interpolation=None)
    setup.read(Path(__file__).with_name("setup.cfg"), encoding="utf-8")
    extras = setup["options.extras_require"]
    run = "\n".join([setup["options"]["install_requires"], *(extras[name] for name in extras)])
    return [f"{name}=={version}" for name, version in re.findall(r"^([\w-]+)>=([\d.]+)", run, re.M)]
