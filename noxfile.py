"""The smoke tests on every Python: with the newest packages, and with the oldest of `setup.cfg`.

    nox                                     all of them
    nox -s newest-3.13 lowest-3.13          two of them

Each session installs what it needs, torch included, which takes minutes and some GB. uv fetches a
Python that is missing; where it cannot, the session is passed over, and nox says so.
"""

from __future__ import annotations

import configparser
from pathlib import Path

import nox

PYTHONS = ("3.10", "3.11", "3.12", "3.13")

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "uv"
nox.options.error_on_missing_interpreters = False
nox.options.reuse_venv = "yes"


@nox.session(python=PYTHONS)
def newest(session: nox.Session) -> None:
    """The newest packages that fit."""
    smoke(session, "highest")


@nox.session(python=PYTHONS)
def lowest(session: nox.Session) -> None:
    """The oldest packages that `setup.cfg` allows and that are there for this Python."""
    smoke(session, "lowest-direct")


def smoke(session: nox.Session, resolution: str) -> None:
    """Install packages that are built already, and run the smoke tests with them."""
    session.install(f"--resolution={resolution}", "--only-binary=:all:", *requirements())
    session.install("hypothesis", "pytest")
    session.install("--no-deps", "--reinstall-package=panns-inference", ".")
    session.run("uv", "pip", "list", external=True)
    session.run("pytest", "-o", "addopts=", "tests/distribution/test_smoke.py")


def requirements() -> list[str]:
    """What the package and all its extras need."""
    setup = configparser.ConfigParser()
    setup.read(Path(__file__).with_name("setup.cfg"), encoding="utf-8")
    needed = setup["options"]["install_requires"], setup["options.extras_require"]["all"]
    return [line for lines in needed for line in lines.splitlines() if line]
