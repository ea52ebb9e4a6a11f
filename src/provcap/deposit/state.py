"""What is known of one deposit while it is under way: which draft is its, how far each file is. No token is in it.

``<workdir>/.provcap/deposits/<key>.json``, where the key stands for the crate and the archive, so that one crate never
becomes two records of one archive. Who died while he held the lock holds it no more.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from provcap import store
from provcap.errors import ProvcapError

FORMAT: Final = "provcap.deposit/1"
_BROKEN: Final = "move it away; the draft is looked for in the archive before a new one is made"


@dataclass(slots=True)
class State:
    """The deposit of the crate with the digest `crate` in the archive `archive` at `url`."""

    path: Path
    crate: str  #: "sha256:…", the digest of the crate as the user has it
    archive: str
    url: str
    facts: dict[str, Any] = field(default_factory=dict)  #: what an archive wants to know again: draft, links, DOI
    files: dict[str, dict[str, Any]] = field(default_factory=dict)  #: the same by key of the file

    @property
    def folder(self) -> Path:
        """Where what belongs to this deposit may lie, as the copy of the crate with its DOI."""
        return self.path.with_suffix("")

    def note(self, **facts: Any) -> None:
        """Remember `facts`, on disk before this returns; a fact that is None is forgotten. Raises OSError."""
        self.facts = {k: v for k, v in {**self.facts, **facts}.items() if v is not None}
        self._write()

    def note_file(self, key: str, **facts: Any) -> None:
        """Remember `facts` of the file `key`; a fact that is None is forgotten. Raises OSError."""
        known = {**self.files.get(key, {}), **facts}
        self.files[key] = {k: v for k, v in known.items() if v is not None}
        self._write()

    def _write(self) -> None:
        plain = {"format": FORMAT, "archive": self.archive, "crate": self.crate, "url": self.url}
        text = json.dumps({**plain, "facts": self.facts, "files": self.files}, indent=1, sort_keys=False)
        store.write_atomic(self.path, text.encode("utf-8", "surrogateescape"))


@contextlib.contextmanager
def locked(workdir: Path, crate: str, archive: str, url: str) -> Iterator[State]:
    """The state of a deposit, which is nobody else's until the end of the block.

    Raises ProvcapError when another process is at it (``deposit-going-on``) or when the state cannot be read.
    """
    import filelock

    key = hashlib.sha256("\0".join((crate, url)).encode("utf-8", "surrogateescape")).hexdigest()[:24]
    path = store.home(workdir) / "deposits" / f"{key}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(path.with_suffix(".lock"), timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        message = f"another provcap is depositing this crate in {archive} at this moment"
        raise ProvcapError("deposit-going-on", message, "wait until it has ended") from error
    try:
        yield _read(path, crate, archive, url)
    finally:
        lock.release()


def _read(path: Path, crate: str, archive: str, url: str) -> State:
    try:
        plain = json.loads(path.read_bytes())
    except FileNotFoundError:
        return State(path, crate, archive, url)
    except (OSError, ValueError, RecursionError) as error:
        raise ProvcapError("damaged-deposit", f"{path} cannot be read: {error}", _BROKEN) from error
    whole = isinstance(plain, dict) and isinstance(plain.get("facts"), dict) and isinstance(plain.get("files"), dict)
    if not whole or plain.get("format") != FORMAT or plain.get("crate") != crate:
        raise ProvcapError("damaged-deposit", f"{path} is not the state of this deposit", _BROKEN)
    return State(path, crate, archive, url, plain["facts"], plain["files"])
