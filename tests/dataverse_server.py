"""A small stand-in for Dataverse's native API on loopback: datasets, files through the server and directly, publishing.

It does what the guides say a server does where it matters here: it takes a zip apart, wants the required fields of the
citation block, and knows its user by a header. It is no Dataverse.
"""

from __future__ import annotations

import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "0a1b2c3d-0000-4000-8000-0a1b2c3d4e5f"
REQUIRED = {"title", "author", "datasetContact", "dsDescription", "subject"}
LICENCES = [
    {"name": "CC0 1.0", "uri": "http://creativecommons.org/publicdomain/zero/1.0"},
    {"name": "CC BY 4.0", "uri": "http://creativecommons.org/licenses/by/4.0"},
]


class Dataverse:
    """What the server has, for tests to look at."""

    def __init__(self) -> None:
        self.datasets: dict[str, dict[str, Any]] = {}
        self.files: dict[int, dict[str, Any]] = {}  # by id: key, content, dataset
        self.storage: dict[str, bytes] = {}
        self.direct = 0  # part size of direct upload; 0: not offered
        self.lose = 0  # answers to writing requests that get lost after the work was done
        self.seen: list[tuple[str, str, bool]] = []  # method, path and whether the token came along
        self.url = self.storage_url = ""

    def keys(self) -> dict[str, bytes]:
        """Content by key."""
        return {file["key"]: file["content"] for file in self.files.values()}

    def add(self, key: str, content: bytes) -> None:
        """As a server does: a zip becomes its files."""
        if key.endswith(".zip") and content[:2] == b"PK":
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                for name in archive.namelist():
                    self.store(name, archive.read(name))
        else:
            self.store(key, content)

    def store(self, key: str, content: bytes) -> None:
        """One file of the dataset; a name that is taken gets a number, as in Dataverse."""
        taken = key in self.keys()
        number = max(self.files, default=0) + 1
        self.files[number] = {"key": f"{key}-1" if taken else key, "content": content}


@contextmanager
def running() -> Iterator[Dataverse]:
    """A server on a free port."""
    known = Dataverse()

    class Handler(_Handler):
        server_state = known

    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Handler) for _ in range(2)]  # the storage is another host
    known.url, known.storage_url = (f"http://127.0.0.1:{server.server_port}" for server in servers)
    threads = [threading.Thread(target=s.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True) for s in servers]
    for thread in threads:
        thread.start()
    try:
        yield known
    finally:
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_state: Dataverse

    def log_message(self, *_: Any) -> None:
        """Be quiet."""

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_PUT(self) -> None:
        self._serve("PUT")

    def do_DELETE(self) -> None:
        self._serve("DELETE")

    def _serve(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        known = self.headers.get("X-Dataverse-key") == TOKEN
        self.server_state.seen.append((method, parts.path, known))
        if parts.path.startswith("/storage/"):
            return self._storage(parts.path, parts.query, body)
        if not known:
            return self._answer(401, {"status": "ERROR", "message": "Bad API key"})
        status, data = self._api(method, parts.path.removeprefix("/api/"), parse_qs(parts.query), body)
        if method in ("POST", "PUT") and self.server_state.lose and status < 300:
            self.server_state.lose -= 1
            self.close_connection = True
            return None
        return self._answer(status, {"status": "OK" if status < 300 else "ERROR", **data})

    def _answer(self, status: int, plain: dict[str, Any], **headers: str) -> None:
        text = json.dumps(plain).encode() if plain else b""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _storage(self, path: str, query: str, body: bytes) -> None:
        self.server_state.storage[f"{path}?{query}"] = body
        self._answer(200, {}, ETag='"' + hashlib.md5(body).hexdigest() + '"')

    def _api(self, method: str, path: str, query: dict[str, list[str]], body: bytes) -> tuple[int, dict[str, Any]]:
        state = self.server_state
        record = query.get("persistentId", [""])[0]
        if path == "licenses":
            return 200, {"data": LICENCES}
        if path == "search":
            wanted = query["q"][0].split('"')[1]
            found = [{"global_id": r} for r, d in state.datasets.items() if wanted in json.dumps(d)]
            return 200, {"data": {"items": found}}
        if path.startswith("dataverses/") and method == "POST":
            return self._create(json.loads(body)["datasetVersion"])
        if path.startswith("files/") and method == "DELETE":
            state.files.pop(int(path.split("/")[1]))
            return 200, {"data": {}}
        if path.startswith("datasets/mpupload"):
            return self._complete(query["id"][0], json.loads(body)) if method == "PUT" else (200, {})
        if record not in state.datasets:
            return 404, {"message": f"Dataset with Persistent ID {record} not found."}
        return self._dataset(method, path.removeprefix("datasets/:persistentId"), record, query, body)

    def _create(self, version: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        fields = {f["typeName"] for f in version["metadataBlocks"]["citation"]["fields"]}
        if not fields >= REQUIRED:
            return 403, {"message": f"Validation Failed: {sorted(REQUIRED - fields)} is required."}
        record = f"doi:10.5072/FK2/{len(self.server_state.datasets):06d}"
        self.server_state.datasets[record] = {"state": "DRAFT", "version": version}
        return 201, {"data": {"id": 1, "persistentId": record}}

    def _dataset(
        self, method: str, path: str, record: str, query: dict[str, list[str]], body: bytes
    ) -> tuple[int, dict[str, Any]]:
        state, dataset = self.server_state, self.server_state.datasets[record]
        if path == "" and method == "GET":
            return 200, {"data": {"latestVersion": {"versionState": dataset["state"]}}}
        if path == "/versions/:draft" and method == "PUT":
            state.datasets[record] = {"state": "DRAFT", "version": json.loads(body)}
            return 200, {"data": {}}
        if path == "/versions/:draft/files":
            return 200, {"data": [_entry(number, file) for number, file in state.files.items()]}
        if path == "/uploadurls":
            return self._upload_urls(int(query["size"][0]))
        if path == "/add":
            return self._add(body)
        if path == "/actions/:publish":
            dataset["state"] = "RELEASED"
            return 200, {"data": {}}
        return 404, {"message": f"no {method} {path}"}

    def _upload_urls(self, size: int) -> tuple[int, dict[str, Any]]:
        state = self.server_state
        if not state.direct:
            return 404, {"message": "Direct upload not supported for files in this dataset"}
        name = f"s3://bucket:{len(state.storage):04d}"
        data: dict[str, Any] = {"partSize": state.direct, "storageIdentifier": name}
        if size <= state.direct:
            data["url"] = f"{state.storage_url}/storage/{name[-4:]}"
        else:
            numbers = range(1, -(-size // state.direct) + 1)
            data["urls"] = {str(n): f"{state.storage_url}/storage/{name[-4:]}?part={n}" for n in numbers}
            data["complete"] = data["abort"] = f"/api/datasets/mpupload?id={name[-4:]}"
        return 200, {"data": data}

    def _complete(self, name: str, tags: dict[str, str]) -> tuple[int, dict[str, Any]]:
        parts = [self.server_state.storage.pop(f"/storage/{name}?part={n}") for n in sorted(tags, key=int)]
        if [hashlib.md5(part).hexdigest() for part in parts] != [tags[n] for n in sorted(tags, key=int)]:
            return 400, {"message": "wrong tags"}
        self.server_state.storage[f"/storage/{name}?"] = b"".join(parts)
        return 200, {}

    def _add(self, body: bytes) -> tuple[int, dict[str, Any]]:
        kind = self.headers["Content-Type"]
        message = BytesParser().parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
        parts = {p.get_param("name", header="content-disposition"): p for p in message.get_payload()}
        said = json.loads(parts["jsonData"].get_payload(decode=True))
        folder = said.get("directoryLabel", "")
        if "storageIdentifier" in said:
            content = self.server_state.storage.get(f"/storage/{said['storageIdentifier'][-4:]}?", b"")
            if said["checksum"] != {"@type": "SHA-256", "@value": hashlib.sha256(content).hexdigest()}:
                return 400, {"message": "checksum"}
            self.server_state.store("/".join(filter(None, (folder, said["fileName"]))), content)
            return 200, {"data": {}}
        name = parts["file"].get_filename()
        start = body.index(b"\r\n\r\n", body.index(b'name="file"')) + 4
        boundary = message.get_boundary().encode()
        self.server_state.add("/".join(filter(None, (folder, name))), body[start : body.rindex(b"\r\n--" + boundary)])
        return 200, {"data": {}}


def _entry(number: int, file: dict[str, Any]) -> dict[str, Any]:
    folder, _, label = file["key"].rpartition("/")
    md5 = hashlib.md5(file["content"]).hexdigest()
    data = {"id": number, "filename": label, "md5": md5, "checksum": {"type": "MD5", "value": md5}}
    return {"label": label, **({"directoryLabel": folder} if folder else {}), "dataFile": data}
