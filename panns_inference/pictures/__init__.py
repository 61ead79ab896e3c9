"""Pictures of recordings and tables, as files: what `panns plot` writes.

recordings --network--.
                       >-- scenes --pictures--> one file, pages, or a tree of files
tables ----rows-------'

the same --clock--> events by day and hour --calendar--> one file
"""

from .calendar import Hours
from .output import Shown, Target
from .recordings import counted_in_recordings, shown_recordings
from .tables import Group, counted_in_tables, groups_of, is_table, shown_groups

__all__ = [
    "Group",
    "Hours",
    "Shown",
    "Target",
    "counted_in_recordings",
    "counted_in_tables",
    "groups_of",
    "is_table",
    "shown_groups",
    "shown_recordings",
]
