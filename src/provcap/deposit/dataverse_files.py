"""Files into a dataset of Dataverse: directly into its storage where it offers that
(https://guides.dataverse.org/en/latest/developers/s3-direct-upload-api.html), else through the server."""

from __future__ import annotations

import hashlib
import io
import json
import uuid
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import quote

from provcap import progress
from provcap.crate.places import media_type
from provcap.deposit.archive import Item
from provcap.deposit.state import State
from provcap.deposit.transport import Refused, Transport, Unreachable
from provcap.errors import ProvcapError

Plain = dict[str, Any]
_BLOCK: Final = 1 << 20
_TRIES: Final = 3
_ALGORITHMS: Final = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-512": "sha512"}


class Files:
    """The files of the draft of the dataset `record`."""

    def __init__(self, http: Transport, record: str, state: State, restricted: bool = False) -> None:
        self.http = http
        self.query = f"persistentId={quote(record, safe='')}"
        self.state = state
        self.restricted = restricted
        self._direct = True  #: until the server says that it does not offer it

    def bring(self, items: Sequence[Item]) -> None:
        """Make the draft's files those of `items`: what it has with the right checksum stays."""
        wanted = {item.key: item for item in items}
        for key, there in self._listed().items():
            if key not in wanted or not _same(there, wanted[key].path):
                self.http.call("DELETE", f"files/{there['id']}")
        present = self._listed()
        for item in progress.over(list(items), "uploading files"):
            if item.key not in present:
                self._add(item)
        present = self._listed()
        for item in items:
            if item.key not in present or not _same(present[item.key], item.path):
                message = f"the archive does not have {item.key!a} as it was sent"
                raise ProvcapError("checksum-differs", message, "the same command sends it again")
            self.state.note_file(item.key, digest=item.digest, done=True)

    def _listed(self) -> dict[str, Plain]:
        """The draft's files by key, each with id, checksum and its kind."""
        answer = self.http.call("GET", f"datasets/:persistentId/versions/:draft/files?{self.query}")
        entries = answer.get("data") if isinstance(answer, dict) else None
        found = {}
        for entry in entries if isinstance(entries, list) else ():
            data = entry.get("dataFile") or {}
            label = entry.get("label") or data.get("filename")
            folder = entry.get("directoryLabel")
            found[f"{folder}/{label}" if folder else str(label)] = {
                "id": int(data["id"]),
                "checksum": data.get("checksum") or {"type": "MD5", "value": data.get("md5")},
            }
        return found

    def _add(self, item: Item) -> None:
        """Send one file; when the answer is lost it is looked up whether it arrived."""
        for attempt in range(1, _TRIES + 1):
            try:
                if not self._directly(item):
                    self._through(item)
                return
            except Unreachable:
                if attempt == _TRIES:
                    raise
                if item.key in self._listed():
                    return

    def _directly(self, item: Item) -> bool:
        """Into the storage of the server; False when it does not offer that."""
        if not self._direct:
            return False
        try:
            where = f"datasets/:persistentId/uploadurls?{self.query}&size={item.size_bytes}"
            data = self.http.call("GET", where).get("data") or {}
        except Refused as error:
            if error.status in (400, 404, 501):
                self._direct = False
                return False
            raise
        if "url" in data:
            self._put(str(data["url"]), item.path, 0, item.size_bytes, {"x-amz-tagging": "dv-state=temp"})
        else:
            self._in_parts(item, data)
        said = {**self._about(item), "storageIdentifier": data["storageIdentifier"], "mimeType": media_type(item.key)}
        said["checksum"] = {"@type": "SHA-256", "@value": item.digest.removeprefix("sha256:")}
        self._post({**said, "fileName": item.key.rpartition("/")[2]}, None)
        return True

    def _in_parts(self, item: Item, data: Plain) -> None:
        size = int(data["partSize"])
        tags: dict[str, str] = {}
        try:
            for number, url in sorted(data["urls"].items(), key=lambda pair: int(pair[0])):
                begin = (int(number) - 1) * size
                length = min(size, item.size_bytes - begin)
                tags[number] = self._put(str(url), item.path, begin, length, {})
            self.http.call("PUT", _below_api(data["complete"]), plain=tags, again=False)
        except ProvcapError:
            self.http.call("DELETE", _below_api(data["abort"]))
            raise

    def _put(self, url: str, path: Path, begin: int, length: int, headers: dict[str, str]) -> str:
        """One PUT to the storage; returns its ETag. The token does not go there: it is another host."""

        def once() -> str:
            with self.http.stream(url, headers, lambda: Slice(path, begin, length)) as response:
                return response.headers.get("ETag", "").strip('"')

        return self.http.patiently(once, f"PUT {url.split('?')[0]}")

    def _through(self, item: Item) -> None:
        """Through the server. It would unpack a zip, so that goes inside another one, from which it comes out whole."""
        path, name = item.path, item.key.rpartition("/")[2]
        if name.lower().endswith(".zip"):
            path = self.state.folder / "outer.zip"
            path.parent.mkdir(parents=True, exist_ok=True)
            with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as outer:
                outer.write(item.path, name)
        try:
            self._post(self._about(item), (f"{name}.outer.zip" if path != item.path else name, path))
        finally:
            if path != item.path:
                path.unlink(missing_ok=True)

    def _about(self, item: Item) -> Plain:
        """What the server is told of a file; it shall not turn tables into its own format."""
        folder = item.key.rpartition("/")[0]
        plain: Plain = {"description": "", "restrict": str(self.restricted).lower(), "tabIngest": "false"}
        return {**plain, "directoryLabel": folder} if folder else plain

    def _post(self, said: Plain, file: tuple[str, Path] | None) -> None:
        boundary = uuid.uuid4().hex
        head = [_part(boundary, 'name="jsonData"', json.dumps(said).encode()), b"\r\n"]
        if file is not None:
            name = file[0].replace("\\", "_").replace('"', "%22").replace("\r", "_").replace("\n", "_")
            kind = "application/zip" if name.lower().endswith(".zip") else media_type(name)
            head.append(_part(boundary, f'name="file"; filename="{name}"\r\nContent-Type: {kind}', b""))
        tail = f"\r\n--{boundary}--\r\n".encode()
        if file is None:
            head.pop()
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        path = file[1] if file else None
        self.http.call(
            "POST",
            f"datasets/:persistentId/add?{self.query}",
            body=lambda: Slice(path, 0, path.stat().st_size if path else 0, b"".join(head), tail),
            headers=headers,
            again=False,
        )


def _part(boundary: str, disposition: str, content: bytes) -> bytes:
    """A part of a form (RFC 7578), as far as its content goes."""
    name, _, kind = disposition.partition("\r\n")
    lines = [f"--{boundary}", f"Content-Disposition: form-data; {name}", *([kind] if kind else []), "", ""]
    return "\r\n".join(lines).encode() + content


def _same(there: Plain, path: Path) -> bool:
    """Whether the file that the archive has is the one at `path`, by the archive's own kind of checksum."""
    stated = there["checksum"]
    algorithm = _ALGORITHMS.get(str(stated.get("type")))
    if algorithm is None or not stated.get("value"):
        return False
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest() == str(stated["value"]).lower()


def _below_api(where: Any) -> str:
    """A path that the server names, ``/api/…``, as one below its API."""
    return str(where).split("/api/", 1)[-1]


class Slice:
    """`length` bytes of a file from `begin`, between two texts, as one stream that knows its length."""

    def __init__(self, path: Path | None, begin: int, length: int, head: bytes = b"", tail: bytes = b"") -> None:
        self._stream: IO[bytes] = open(path, "rb") if path is not None else io.BytesIO()  # noqa: SIM115  # closed by close()
        self._stream.seek(begin)
        self._left, self._head, self._tail = length, head, tail
        self._length = len(head) + length + len(tail)

    def __len__(self) -> int:
        return self._length

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes; all that is left when it is negative."""
        if size < 0:
            return b"".join(iter(lambda: self.read(_BLOCK), b""))
        if self._head:
            found, self._head = self._head[:size], self._head[size:]
            return found
        found = self._stream.read(min(size, self._left)) if self._left else b""
        self._left -= len(found)
        if found or self._left:
            return found
        found, self._tail = self._tail[:size], self._tail[size:]
        return found

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
