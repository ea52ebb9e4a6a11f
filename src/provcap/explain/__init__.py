"""Two runs → the first steps that diverge, and what differs there.

Pure functions of two runs and of the texts of their workflows: nothing is run, no output is opened. That two files are
the same is known from their digests.
"""

from provcap.explain.difference import Difference, Kind
from provcap.explain.walk import Divergence, Explanation, explain

__all__ = ["Difference", "Divergence", "Explanation", "Kind", "explain"]
