"""Times as the record tells them."""

from __future__ import annotations

import time


def iso(seconds: float) -> str:
    """`seconds` since the epoch as ISO 8601 in UTC with milliseconds and a numeric zone.

    The only form that roc-validator's checks 8.4 and 8.5 (provenance-run-crate-0.5) accept.
    """
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{milliseconds:03d}+00:00"


def now() -> str:
    """The present time."""
    return iso(time.time())
