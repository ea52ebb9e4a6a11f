"""A worker that hashes many small files: ``python -I -S hashing.py`` with NUL-separated paths on stdin.

Threads cannot help with small files, where most of the time is Python's own; processes can. It imports nothing of
provcap, so that it starts in a few milliseconds, and is started as a program, never forked from Snakemake, whose
threads a fork would leave behind.
"""

import hashlib
import os
import sys

BLOCK = 1 << 16  #: a larger one costs small files the time to allocate it


def hexdigest(path: bytes | str | os.PathLike[str]) -> str:
    """SHA-256 of the file at `path`, in hex. Raises OSError."""
    stream = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        block = os.read(stream, BLOCK)
        whole = hashlib.sha256(block)
        while len(block) == BLOCK and (block := os.read(stream, BLOCK)):
            whole.update(block)
    finally:
        os.close(stream)
    return whole.hexdigest()


def main() -> None:
    """One line per path: its digest, or an empty line when it could not be read."""
    lines = []
    for path in sys.stdin.buffer.read().split(b"\0"):
        try:
            lines.append(hexdigest(path))
        except OSError:
            lines.append("")
    sys.stdout.write("\n".join(lines))


if __name__ == "__main__":
    main()
