"""``sha256:…`` of files and directory trees.

The digest of a tree is the SHA-256 of its listing: for every file below the directory, sorted by the bytes of its
path, one line ``<kind> <sha256 hex> <path>\\0`` with the POSIX path relative to the directory. `kind` is ``f`` for a
file and ``l`` for a symbolic link (whose target text is hashed instead of what it points to). An empty directory
counts as ``d`` with the hash of nothing. Names, order of creation, times and permissions play no other part.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat as stat_module
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

from provcap import hashing

BLOCK = 4 << 20  #: bytes read at once from a large file
SETTLED_S = 0.02  #: longer than the step of any kernel's file times (at most 10 ms)
SIDE_FILES = {".snakemake_timestamp"}  #: Snakemake's own marker inside directory() outputs
MANY = 1000  #: files in a tree from which on starting other processes pays
WORKERS = min(8, os.cpu_count() or 1)

Key = tuple[str, int, int, int]
_known: dict[Key, str] = {}
_lock = threading.Lock()


def of_bytes(content: bytes) -> str:
    """Digest of `content`."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def key_of(path: str | os.PathLike[str]) -> Key:
    """What tells a file's content apart without reading it: (path, size, mtime_ns, inode).

    Raises OSError when it is not there or not a regular file (opening a FIFO would block).
    """
    info = os.stat(path)
    if not stat_module.S_ISREG(info.st_mode):
        raise OSError(f"not a regular file: {os.fspath(path)}")
    return (os.path.abspath(path), info.st_size, info.st_mtime_ns, info.st_ino)


def of_file(path: str | os.PathLike[str]) -> str:
    """Digest of the file at `path`, remembered in this process by `key_of`.

    File times have a coarse step: a file that is changed twice within one step keeps its time. What was changed just
    now is therefore not remembered when it is small, and waited for (20 ms) when it is large. Raises OSError.
    """
    key = key_of(path)
    known = recall(key)
    if known:
        return known
    fresh = time.time() - key[2] / 1e9 < SETTLED_S
    if fresh and key[1] >= BLOCK:
        time.sleep(SETTLED_S)
        fresh = False
    found = "sha256:" + (_pipelined(path) if key[1] >= 2 * BLOCK else hashing.hexdigest(path))
    if not fresh and key_of(path) == key:
        remember(key, found)
    return found


def recall(key: Key) -> str | None:
    """The digest that is remembered for `key`."""
    with _lock:
        return _known.get(key)


def remember(key: Key, found: str) -> None:
    """Remember the digest of the file that `key` stands for."""
    with _lock:
        _known[key] = found


def _pipelined(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a large file, one block being read while the one before is hashed (both leave Python's lock)."""
    blocks = [bytearray(BLOCK), bytearray(BLOCK)]
    whole = hashlib.sha256()
    with open(path, "rb", buffering=0) as stream, ThreadPoolExecutor(1) as reader:
        pending = reader.submit(stream.readinto, blocks[0])
        turn = 0
        while count := pending.result():
            pending = reader.submit(stream.readinto, blocks[1 - turn])
            whole.update(memoryview(blocks[turn])[:count])
            turn = 1 - turn
    return whole.hexdigest()


def of_files(paths: Iterable[str]) -> dict[str, str]:
    """Digest of each of many regular files, in parallel; those that cannot be read are left out."""
    sizes = {}
    for path in paths:
        with contextlib.suppress(OSError):
            sizes[path] = key_of(path)[1]
    readable = [path for path in sizes if os.access(path, os.R_OK)]
    return {path: "sha256:" + found for path, found in _hash_all(readable, sum(sizes.values())).items()}


def of_tree(root: str | os.PathLike[str]) -> tuple[str, int]:
    """Digest and total size in bytes of the directory tree at `root`; see the module's text for the definition.

    Its files are hashed in parallel, many small ones by other processes. Raises OSError.
    """
    found, size = listing(root)
    return of_listing(found), size


def listing(root: str | os.PathLike[str]) -> tuple[dict[bytes, tuple[str, str]], int]:
    """Kind and SHA-256 in hex of each file of the tree at `root`, by its path in it; and their size. Raises OSError."""
    base = os.path.abspath(root)
    entries = {path: os.lstat(path) for path in _walk(base)}
    regular = [path for path, info in entries.items() if stat_module.S_ISREG(info.st_mode)]
    hexdigests = _hash_all(regular, sum(entries[path].st_size for path in regular))
    found = {}
    for path, info in entries.items():
        name = os.fsencode(path[len(base) :].lstrip("/"))
        found[name] = ("f", hexdigests[path]) if path in hexdigests else _special(path, info)
    return found, sum(entries[path].st_size for path in regular)


def of_listing(entries: Mapping[bytes, tuple[str, str]]) -> str:
    """Digest of the directory tree with these `entries`, as `listing` gives them."""
    whole = hashlib.sha256()
    for name in sorted(entries):
        kind, hexdigest = entries[name]
        whole.update(f"{kind} {hexdigest} ".encode() + name + b"\0")
    return "sha256:" + whole.hexdigest()


def of_contents(files: Mapping[str, bytes]) -> str:
    """Digest of the directory tree whose regular files are `files`, by path in it, as `of_tree` gives it."""
    return of_listing({os.fsencode(path): ("f", hashlib.sha256(data).hexdigest()) for path, data in files.items()})


def _hash_all(paths: list[str], total: int) -> dict[str, str]:
    """The hex digest of each regular file. Large ones are hashed by threads, many small ones by processes."""
    if len(paths) < MANY or WORKERS == 1:
        if total < BLOCK * WORKERS:
            return {path: hashing.hexdigest(path) for path in paths}
        with ThreadPoolExecutor(WORKERS) as pool:
            return dict(zip(paths, pool.map(lambda p: of_file(p)[7:], paths), strict=True))
    shares = [paths[i::WORKERS] for i in range(WORKERS)]
    with ThreadPoolExecutor(WORKERS) as pool:
        answers = list(pool.map(_in_process, shares))
    return {path: found or hashing.hexdigest(path) for share in answers for path, found in share}


def _in_process(paths: list[str]) -> list[tuple[str, str]]:
    """Digests from a worker process; an empty one for each that it did not give."""
    command = [sys.executable, "-I", "-S", hashing.__file__]
    try:
        done = subprocess.run(command, input=b"\0".join(map(os.fsencode, paths)), capture_output=True, check=True)
        answers = done.stdout.decode().split("\n")
    except (OSError, subprocess.CalledProcessError):
        answers = []
    return list(zip(paths, answers if len(answers) == len(paths) else [""] * len(paths), strict=True))


def _walk(base: str) -> Iterator[str]:
    """Every file, link and empty directory below `base`."""
    for folder, folders, names in os.walk(base):
        if not folders and not names and folder != base:
            yield folder
        for name in folders:
            if os.path.islink(os.path.join(folder, name)):
                yield os.path.join(folder, name)
        for name in names:
            if name not in SIDE_FILES:
                yield os.path.join(folder, name)


def _special(path: str, info: os.stat_result) -> tuple[str, str]:
    if stat_module.S_ISLNK(info.st_mode):
        return "l", hashlib.sha256(os.fsencode(os.readlink(path))).hexdigest()
    return "d" if stat_module.S_ISDIR(info.st_mode) else "s", hashlib.sha256().hexdigest()
