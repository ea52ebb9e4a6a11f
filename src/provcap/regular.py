"""Opening files that a job could have put something else in place of: a pipe would be waited for without end."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def opened(path: Path, flags: int, links: bool = False) -> int:
    """A descriptor of the regular file at `path`. Raises OSError, also for a pipe and a device, and for a symbolic link
    unless `links` allows them."""
    more = os.O_CLOEXEC | os.O_NONBLOCK | (0 if links else os.O_NOFOLLOW)
    stream = os.open(path, flags | more, 0o644)
    if stat.S_ISREG(os.fstat(stream).st_mode):
        return stream
    os.close(stream)
    raise OSError(errno.EINVAL, "it is no regular file", str(path))


def read(path: Path, limit: int = -1, links: bool = False) -> bytes:
    """The content of the regular file at `path`, at most `limit` bytes if that is not negative. Raises OSError."""
    with open(opened(path, os.O_RDONLY, links), "rb") as stream:
        return stream.read(limit)
