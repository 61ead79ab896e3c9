"""When a recording began: what its header and its name state.

    header, name --the first source that states a time--> date and time --time zone--> start

A recorder writes the time into the header, into the name of the file, or both. `sources` is the
table of what is looked at, and in which order; `names` is the table of how names are made. What
cannot be, such as a 13th month, is no time, and neither are two times in one name: then the next
source is looked at.
"""

from .moments import after, from_text, to_text
from .start import Clock, recording_start

__all__ = ["Clock", "after", "from_text", "recording_start", "to_text"]
