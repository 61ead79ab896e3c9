"""Many recordings: folders of any size, each file processed once, and results that outlive a kill.

    inputs --discover--> recordings --pipeline--> results --outputs--> one table, or a tree
                                                    |
                                                 journal: what is done, so that a run goes on

A recording gives the same result as alone, and the order of results is that of the recordings.
"""

from .discover import find
from .progress import Failure, Report
from .recording import Recording
from .run import results, run

__all__ = ["Failure", "Recording", "Report", "find", "results", "run"]
