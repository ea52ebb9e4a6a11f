"""Opening files that a job could have put something else in place of: a pipe would be waited for without end."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def opened(path: Path, flags: int) -> int:
    """A descriptor of the regular file at `path`. Raises OSError, also for a pipe, a device and a symbolic link."""
    stream = os.open(path, flags | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW, 0o644)
    if stat.S_ISREG(os.fstat(stream).st_mode):
        return stream
    os.close(stream)
    raise OSError(errno.EINVAL, "it is no regular file", str(path))


def read(path: Path, limit: int) -> bytes:
    """The content of the regular file at `path`, at most `limit` bytes. Raises OSError."""
    with open(opened(path, os.O_RDONLY), "rb") as stream:
        return stream.read(limit)
