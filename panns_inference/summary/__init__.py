"""What tables of events come to: how long and how often sounds are there, an hour, a day, a file.

tables --rows--> events --pieces of an hour--> groups --covered--> seconds and events of each
"""

from .groups import KEYS
from .summarise import Group, keys_of, summarise

__all__ = ["KEYS", "Group", "keys_of", "summarise"]
