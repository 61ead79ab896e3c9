"""`python -m panns_inference` is `panns`."""

from .cli import program

program()
