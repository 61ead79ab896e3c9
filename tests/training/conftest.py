"""The recipe is not part of the package: its folder is found beside the tests."""

from __future__ import annotations

import sys
from pathlib import Path

# Behind the installed package, which is the one that is tested.
sys.path.append(str(Path(__file__).resolve().parents[2]))
