"""From framewise probabilities to events."""

from .event import Event
from .find import find_events
from .rules import Rules

__all__ = ["Event", "Rules", "find_events"]
