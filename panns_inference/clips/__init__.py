"""Events as files of sound, for people who review them.

table --choice--> events --sources--> recordings --excerpts--> Dog/0.93_street_1.40-2.10.wav
"""

from .cut import Report, cut_out

__all__ = ["Report", "cut_out"]
