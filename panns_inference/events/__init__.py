"""From framewise probabilities to events."""

from .event import Event

__all__ = ["Event"]
