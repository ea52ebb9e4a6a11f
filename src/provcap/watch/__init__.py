"""A run while it goes on: what has been appended to its records is read, nothing is written, nobody is asked."""

from provcap.watch.following import Follower
from provcap.watch.screen import change, lines, screen
from provcap.watch.state import Failure, Node, Rule, Running, Snapshot

__all__ = ["Failure", "Follower", "Node", "Rule", "Running", "Snapshot", "change", "lines", "screen"]
