"""The file of results that all benchmarks share: each owns a section, and replaces it.

A section says on what machine it was measured, for sections are measured on different days.
"""

from __future__ import annotations

import datetime
import os
import platform
import re
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown: the first column is words, the others are numbers.

    Args:
        heading: names of the columns.
        rows: cells, as many in each row as there are columns.
    """
    rule = ["---", *["---:"] * (len(heading) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heading, rule, *rows))


def setting(*packages: str) -> str:
    """Date, machine and versions, in one line.

    Args:
        packages: distributions whose versions matter to the numbers.
    """
    versions = [f"{package} {version(package)}" for package in ("panns-inference", *packages)]
    parts = [
        datetime.date.today().isoformat(),
        _processor(),
        f"{os.cpu_count()} cores",
        platform.system(),
        f"Python {platform.python_version()}",
        *versions,
    ]
    return f"Measured {', '.join(parts)}."


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    text = described.read_text(encoding="utf-8") if described.is_file() else ""
    found = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    return found[1] if found else platform.machine()


def write_section(title: str, body: str, path: Path = RESULTS) -> None:
    """Put a section into the file of results: in the place of the one of its title, or at the end.

    Args:
        title: heading of the section.
        body: what stands below the heading, in Markdown without headings of that level.
        path: the file; it is made if it is not there.
    """
    text = path.read_text(encoding="utf-8") if path.is_file() else "# Results\n"
    section = f"## {title}\n\n{body.strip()}\n"
    old = re.compile(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    if old.search(text):
        new = old.sub(lambda found: section + ("\n" if found.end() < len(text) else ""), text)
    else:
        new = f"{text.rstrip()}\n\n{section}"
    path.write_text(new, encoding="utf-8")
