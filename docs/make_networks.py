"""Writes the table of networks in `README.md` from the registry.

python docs/make_networks.py
"""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

from panns_inference.cli import main

TARGET = Path(__file__).parents[1] / "README.md"


def text() -> str:
    """Return the page with the table that `panns models` prints between its two marks."""
    with contextlib.redirect_stdout(io.StringIO()) as table:
        main(["models", "--markdown"])
    begin, end = "<!-- models: panns models --markdown -->\n", "<!-- /models -->"
    page = TARGET.read_text(encoding="utf-8")
    return re.sub(f"{begin}.*{end}", f"{begin}{table.getvalue()}{end}", page, flags=re.DOTALL)


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
