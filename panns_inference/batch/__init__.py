"""Many recordings: folders of any size, decoded ahead, heard in batches, and never twice.

    inputs --find--> recordings --hearing--> results --outputs--> one table, or a tree
                                                |
                                             journal: what is done, so that a run goes on

A recording gives the same result as alone, and the order of results is that of the recordings.
"""

from .finding import Recording, find
from .report import Failure, Report
from .run import results, run

__all__ = ["Failure", "Recording", "Report", "find", "results", "run"]
