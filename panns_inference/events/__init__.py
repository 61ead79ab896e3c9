"""From framewise probabilities to events."""

from .event import Event
from .find import find_events
from .finder import EventFinder
from .rules import Rules
from .rules_file import read_rules

__all__ = ["Event", "EventFinder", "Rules", "find_events", "read_rules"]
