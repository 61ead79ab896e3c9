"""`python -m panns_inference` is `panns`."""

import sys

from .cli import main

sys.exit(main())
