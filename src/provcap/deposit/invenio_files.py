"""Bringing files into a draft of InvenioRDM: start, content, commit; in parts where a file is large and the server
takes parts. What the archive has is asked of the archive, not remembered: only the parts of a file are, as it does not
tell.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

from provcap import progress
from provcap.deposit.archive import Item
from provcap.deposit.state import State
from provcap.deposit.transport import Refused, Transport, Unreachable
from provcap.errors import ProvcapError

PART_BYTES: Final = 64 << 20
IN_PARTS_FROM: Final = 512 << 20  #: bytes
ATTEMPTS: Final = 4  #: to bring one file, when it arrives as something else
_BLOCK: Final = 1 << 20
_BYTES: Final = {"Content-Type": "application/octet-stream"}


class Reader:
    """`size` bytes of a file from `start` on, which tells how far it was read."""

    def __init__(self, path: Path, start: int, size: int, told: Callable[[float], None]) -> None:
        self._path, self._size, self._left, self._told = path, size, size, told
        self._stream = open(path, "rb")  # noqa: SIM115  # closed by `close`
        self._stream.seek(start)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.read(_BLOCK), b"")

    def read(self, count: int = -1) -> bytes:
        """The next bytes, at most `count`. Raises ProvcapError when the file has become shorter."""
        data = self._stream.read(min(self._left, _BLOCK if count < 0 else count))
        if not data and self._left and count != 0:
            raise ProvcapError("changed-while-sent", f"{self._path} changed while it was sent", "wait until it is done")
        self._left -= len(data)
        self._told(len(data))
        return data

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


class Files:
    """The files of the draft `record`."""

    def __init__(self, http: Transport, record: str, state: State, say: Callable[[str], None]) -> None:
        self._http, self._state, self._say = http, state, say
        self._base = f"records/{quote(record, safe='')}/draft/files"
        self.part_bytes, self.in_parts_from = PART_BYTES, IN_PARTS_FROM

    def bring(self, items: Sequence[Item]) -> None:
        """Make the files of the draft exactly `items`."""
        there = {str(entry["key"]): entry for entry in self._list()}
        for key in there.keys() - {item.key for item in items}:
            self._remove(key)
        with progress.step("sending files", sum(item.size_bytes for item in items)) as told:
            for item in items:
                self._bring(item, there.get(item.key), told)

    def _bring(self, item: Item, entry: dict[str, Any] | None, told: progress.Advance) -> None:
        md5 = self._md5(item)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                if entry is None or entry.get("status") != "completed":
                    entry = self._send(item, entry, told)
                if _same(entry, item, md5):
                    if not str(entry.get("checksum")).startswith("md5:"):
                        self._say(f"{item.key}: the archive states no MD5, so only its size was compared")
                    return
                self._remove(item.key)
            except Unreachable:
                if attempt == ATTEMPTS:
                    raise
            entry = self._entry(item.key)
        message = f"{item.key} arrived as something else {ATTEMPTS} times: the archive has other checksums"
        raise ProvcapError("checksum-differs", message, "is the connection, or the disk, sound? then try again")

    def _send(self, item: Item, entry: dict[str, Any] | None, told: progress.Advance) -> dict[str, Any]:
        """One way of start, content and commit; what the archive says of the file then."""
        wants_parts = item.size_bytes >= self.in_parts_from and not self._state.facts.get("no_parts")
        if entry is not None and (entry.get("transfer") or {}).get("type") != ("M" if wants_parts else "L"):
            self._remove(item.key)
            entry = None
        if wants_parts:
            entry = entry if entry and self._same_parts(entry, item) else self._start_parts(item)
            if entry is not None:
                self._parts(item, entry, told)
                return self._commit(item.key)
        elif entry is None:
            self._start([{"key": item.key}])
        size = item.size_bytes
        body = (lambda: Reader(item.path, 0, size, told)) if size else bytes
        self._http.call("PUT", f"{self._at(item.key)}/content", body=body, headers=_BYTES)
        return self._commit(item.key)

    def _start(self, wanted: list[dict[str, Any]]) -> dict[str, Any] | None:
        """What the archive says of the file that was begun; None when it had been begun before."""
        try:
            answer = self._http.call("POST", self._base, plain=wanted)
        except Refused as error:
            if error.status == 400 and self._entry(wanted[0]["key"]) is not None:  # an answer that was lost
                return None
            raise
        entries = answer.get("entries") if isinstance(answer, dict) else None
        found = [e for e in entries or () if isinstance(e, dict) and e.get("key") == wanted[0]["key"]]
        return found[0] if found else None

    def _start_parts(self, item: Item) -> dict[str, Any] | None:
        """Begin a file in parts; None when the server takes none, and then the file is begun as a whole."""
        self._remove(item.key)
        self._state.note_file(item.key, parts=None)
        count = -(-item.size_bytes // self.part_bytes)
        transfer = {"type": "M", "parts": count, "part_size": self.part_bytes}
        try:
            self._start([{"key": item.key, "size": item.size_bytes, "transfer": transfer}])
        except (Refused, Unreachable) as error:
            if isinstance(error, Refused) and error.status in (401, 403):
                raise
            self._state.note(no_parts=True)
            self._remove(item.key)
            self._start([{"key": item.key}])
            return None
        return self._entry(item.key)

    def _same_parts(self, entry: dict[str, Any], item: Item) -> bool:
        transfer, size = entry.get("transfer") or {}, entry.get("size")
        return bool(transfer.get("part_size") == self.part_bytes and size == item.size_bytes)

    def _parts(self, item: Item, entry: dict[str, Any], told: progress.Advance) -> None:
        links = {link["part"]: str(link["url"]) for link in (entry.get("links") or {}).get("parts", ())}
        known = self._state.files.get(item.key, {})
        done = set(known.get("parts", ())) if known.get("digest") == item.digest else set()
        for part in range(1, -(-item.size_bytes // self.part_bytes) + 1):
            start = (part - 1) * self.part_bytes
            size = min(self.part_bytes, item.size_bytes - start)
            if part in done:
                told(size)
                continue
            own = urlsplit(links.get(part, f"/content/{part}")).path.endswith(f"/content/{part}")
            where = f"{self._at(item.key)}/content/{part}" if own else links[part]

            def body(start: int = start, size: int = size) -> Reader:
                return Reader(item.path, start, size, told)

            self._http.call("PUT", where, body=body, headers=_BYTES if own else {})
            done.add(part)
            self._state.note_file(item.key, digest=item.digest, parts=sorted(done))

    def _commit(self, key: str) -> dict[str, Any]:
        answer = self._http.call("POST", f"{self._at(key)}/commit")
        return answer if isinstance(answer, dict) else {}

    def _remove(self, key: str) -> None:
        self._state.note_file(key, parts=None)
        try:
            self._http.call("DELETE", self._at(key))
        except Refused as error:
            if error.status != 404:
                raise

    def _list(self) -> list[dict[str, Any]]:
        answer = self._http.call("GET", self._base)
        entries = answer.get("entries") if isinstance(answer, dict) else None
        if not isinstance(entries, list) or not all(isinstance(e, dict) and "key" in e for e in entries):
            raise Refused("archive-refused", "the archive's list of files cannot be read", "is it InvenioRDM?", 0)
        return entries

    def _entry(self, key: str) -> dict[str, Any] | None:
        return next((entry for entry in self._list() if entry["key"] == key), None)

    def _at(self, key: str) -> str:
        return f"{self._base}/{quote(key, safe='/')}"

    def _md5(self, item: Item) -> str:
        """As the archive counts; remembered with the digest that the file has."""
        known = self._state.files.get(item.key, {})
        if known.get("digest") == item.digest and isinstance(known.get("md5"), str):
            return str(known["md5"])
        found = hashlib.md5(usedforsecurity=False)
        with open(item.path, "rb") as stream:
            while block := stream.read(_BLOCK):
                found.update(block)
        self._state.note_file(item.key, digest=item.digest, md5=found.hexdigest(), parts=None)
        return found.hexdigest()


def _same(entry: dict[str, Any], item: Item, md5: str) -> bool:
    """Whether what the archive has is `item`; a file that came in parts may have another kind of checksum there."""
    if entry.get("status") != "completed" or entry.get("size", item.size_bytes) != item.size_bytes:
        return False
    stated = str(entry.get("checksum") or "")
    return stated == f"md5:{md5}" or not stated.startswith("md5:")
