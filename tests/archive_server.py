"""An archive on loopback that speaks InvenioRDM's API from memory, and misbehaves where it is told to."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Plain = dict[str, Any]
#: what happens to request number n, counted from 1; None: nothing out of the ordinary
Fault = Callable[[int, str, str], str | None]


class Archive:
    """Records, their files, and every request that came."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(45)
        self.records: dict[str, Plain] = {}
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.fault: Fault = lambda number, method, path: None
        self.victim: int | None = None  #: process that dies of the faults "kill-before" and "kill-after"
        self.lacks: set[str] = set()  #: ids that no vocabulary of this archive has
        self.searches = True
        self.takes_parts = True
        self.reserves = True
        self.elsewhere = ""  #: where the fault "redirect" leads
        self.url = ""
        self.lock = threading.RLock()

    def of(self, marker: str) -> list[str]:
        """The records and drafts with that alternate identifier."""
        return [i for i, r in self.records.items() if marker in json.dumps(r["metadata"])]

    def content(self, record: str) -> dict[str, bytes]:
        """The complete files of a record."""
        return {k: f["data"] for k, f in self.records[record]["files"].items() if f["status"] == "completed"}

    def shown(self, record: str) -> Plain:
        """As the API shows it."""
        found = self.records[record]
        draft = not found["published"]
        return {
            "id": record,
            "is_published": found["published"],
            "metadata": found["metadata"],
            "pids": found["pids"],
            "links": {"self_html": f"{self.url}/{'uploads' if draft else 'records'}/{record}"},
        }


class Answer(Exception):
    def __init__(self, status: int, plain: Any = None) -> None:
        self.status, self.plain = status, plain


def entry(archive: Archive, record: str, key: str, wrong: bool = False) -> Plain:
    """A file as the API shows it."""
    file = archive.records[record]["files"][key]
    shown = {"key": key, "status": file["status"], "transfer": file["transfer"], "links": {}}
    if file["status"] == "completed":
        md5 = hashlib.md5(file["data"] + (b"!" if wrong else b"")).hexdigest()
        shown |= {"size": len(file["data"]), "checksum": f"md5:{md5}"}
    elif file["transfer"]["type"] == "M":
        base = f"{archive.url}/api/records/{record}/draft/files/{key}/content"
        parts = [{"part": n + 1, "url": f"{base}/{n + 1}"} for n in range(file["transfer"]["parts"])]
        shown |= {"size": file["size"], "links": {"parts": parts}}
    return shown


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    archive: Archive

    def log_message(self, *_: Any) -> None:
        pass

    def answer(self) -> None:
        parts = urlsplit(self.path)
        path = unquote(parts.path)
        with self.archive.lock:
            self.archive.requests.append((self.command, self.path, dict(self.headers)))
            number = len(self.archive.requests)
        fault = self.archive.fault(number, self.command, path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) if fault != "drop-before" else b""
        if fault in ("drop-before", "kill-before"):
            return self.drop(fault)
        if early := {"500": (500, {}), "401": (401, {"message": "expired"}), "403": (403, {}), "503": (503, {})}.get(
            fault or ""
        ):
            return self.send(*early)
        if fault in ("429", "429-date", "429-long"):
            soon = formatdate(time.time() + 1, usegmt=True)
            wait = {"429": "0", "429-long": "31536000"}.get(fault, soon)
            return self.send(429, {}, {"Retry-After": wait})
        if fault == "redirect":
            return self.send(302, None, {"Location": self.archive.elsewhere})
        if fault == "page":
            return self.send(200, b"<html>Welcome</html>", {"Content-Type": "text/html; charset=utf-8"})
        if fault == "echo":
            return self.send(403, {"message": f"{self.headers.get('Authorization')} has expired"})
        try:
            with self.archive.lock:
                found = self.route(path, parse_qs(parts.query), body, fault == "wrong-checksum")
            status, plain = found if isinstance(found, tuple) else (200, found)
        except Answer as given:
            status, plain = given.status, given.plain
        if fault in ("drop-after", "kill-after"):
            return self.drop(fault)
        return self.send(status, plain, half=fault == "half", slow=fault == "slow")

    do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815

    def drop(self, fault: str) -> None:
        if fault.startswith("kill") and self.archive.victim is not None:
            os.kill(self.archive.victim, signal.SIGKILL)
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def send(
        self, status: int, plain: Any, headers: dict[str, str] | None = None, half: bool = False, slow: bool = False
    ) -> None:
        raw = isinstance(plain, bytes)
        data = plain if raw else b"" if plain is None else json.dumps(plain).encode()
        start, whole = 0, len(data)
        ranged = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")) if raw else None
        if ranged:
            start, status = int(ranged[1]), 206
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if ranged:
            self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
        data = data[start:]
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if half:
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        step = max(1, len(data) // 4) if slow else len(data) or 1
        for at in range(0, len(data), step):
            self.wfile.write(data[at : at + step])
            time.sleep(0.05 if slow else 0)

    def route(self, path: str, query: dict[str, list[str]], body: bytes, wrong: bool) -> Any:
        archive = self.archive
        if path.startswith("/10."):  # as doi.org does
            found = [i for i, r in archive.records.items() if r["pids"].get("doi", {}).get("identifier") == path[1:]]
            raise Answer(404) if not found else self.elsewhere(f"{archive.url}/records/{found[0]}")
        if match := re.fullmatch(r"/records/([^/]+)", path):
            return b"<html>a page for people</html>" if match[1] in archive.records else (404, None)
        if not path.startswith("/api/"):
            raise Answer(404, {})
        words = path.removeprefix("/api/").split("/")
        public = self.command == "GET" and words[0] == "records" and "draft" not in words
        if not public and self.headers.get("Authorization") != f"Bearer {archive.token}":
            raise Answer(401 if self.headers.get("Authorization") else 403, {"message": "Permission denied."})
        if words[0] in ("vocabularies", "affiliations", "funders"):
            return (404, {}) if words[-1] in archive.lacks else {"id": words[-1]}
        if words[0] == "communities":
            return {"id": "c0ffee"} if words[1] == "lab" else (404, {"message": "no such community"})
        if words == ["user", "records"]:
            return self.search(query)
        return self.record(words[1:], json.loads(body or b"null") if "content" not in words else body, wrong)

    def elsewhere(self, url: str) -> Exception:
        self.send(302, None, {"Location": url})
        return ConnectionAbortedError()

    def search(self, query: dict[str, list[str]]) -> Any:
        if not self.archive.searches:
            raise Answer(500, {})
        wanted = query["q"][0].partition(':"')[2].strip('"')
        return {"hits": {"hits": [self.archive.shown(i) for i in self.archive.of(wanted)]}}

    def record(self, words: list[str], said: Any, wrong: bool) -> Any:
        archive = self.archive
        if not words:
            return 201, archive.shown(self.new(said["metadata"]))
        name, *rest = words
        if name not in archive.records:
            raise Answer(404, {"message": "The persistent identifier does not exist."})
        record = archive.records[name]
        if rest[:1] == ["versions"]:
            drafts = [i for i, r in archive.records.items() if r["parent"] == name and not r["published"]]
            return 201, archive.shown(drafts[0] if drafts else self.new(record["metadata"], name))
        if (rest[:1] == ["draft"]) == record["published"]:
            raise Answer(404, {"message": "Not found."})
        rest = rest[1:] if rest[:1] == ["draft"] else rest
        if rest[:1] == ["files"]:
            return self.files(name, rest[1:], said, wrong)
        if not rest:
            if self.command == "PUT":
                record["metadata"], record["pids"] = said["metadata"], said["pids"]
            return archive.shown(name)
        return self.act(name, record, "/".join(rest))

    def act(self, name: str, record: Plain, what: str) -> Any:
        if what == "pids/doi":
            if not self.archive.reserves:
                raise Answer(500, {})
            record["pids"]["doi"] = {"identifier": f"10.5072/test.{name}", "provider": "datacite"}
        elif what == "actions/publish":
            pending = [k for k, f in record["files"].items() if f["status"] != "completed"]
            if pending or len(record["metadata"]["title"]) < 3:
                errors = [{"field": "metadata.title", "messages": ["Shorter than minimum length 3."]}]
                raise Answer(400, {"message": "A validation error occurred.", "errors": errors})
            record["published"] = True
            return 202, self.archive.shown(name)
        elif what == "actions/submit-review":
            record["review"] = "submitted"
            return 202, {}
        return self.archive.shown(name)

    def new(self, metadata: Plain, parent: str | None = None) -> str:
        name = f"{secrets.token_hex(3)}-{secrets.token_hex(2)}"
        fresh = {"metadata": metadata, "files": {}, "pids": {}, "published": False, "parent": parent}
        self.archive.records[name] = fresh
        return name

    def files(self, name: str, words: list[str], said: Any, wrong: bool) -> Any:
        archive, files = self.archive, self.archive.records[name]["files"]
        if not words:
            if self.command == "POST":
                key, transfer = said[0]["key"], said[0].get("transfer", {"type": "L"})
                if key in files:
                    raise Answer(400, {"message": f"File with key {key} already exists."})
                if transfer["type"] == "M" and not archive.takes_parts:
                    raise Answer(400, {"message": "Unknown transfer type"})
                files[key] = {"status": "pending", "data": b"", "transfer": transfer, "size": said[0].get("size")}
                files[key]["parts"] = {}
            return (201 if self.command == "POST" else 200), {"entries": [entry(archive, name, k) for k in files]}
        if words[-1] == "commit":
            key = "/".join(words[:-1])
            file = files[key]
            if file["transfer"]["type"] == "M":
                file["data"] = b"".join(data for _, data in sorted(file["parts"].items()))
                file["transfer"] = {"type": "L"}
            file["status"] = "completed"
            return entry(archive, name, key, wrong)
        return self.file(name, files, words, said, wrong)

    def file(self, name: str, files: Plain, words: list[str], said: Any, wrong: bool) -> Any:
        if words[-1] == "content":
            key = "/".join(words[:-1])
            if self.command == "GET":
                return files[key]["data"] + (b"!" if wrong else b"")
            files[key]["data"] = said
        elif words[-2:-1] == ["content"]:
            key = "/".join(words[:-2])
            files[key]["parts"][int(words[-1])] = said
        elif self.command == "DELETE":
            return (204, None) if files.pop("/".join(words), None) else (404, {})
        else:
            key = "/".join(words)
        return entry(self.archive, name, key, wrong)


@contextmanager
def running() -> Iterator[Archive]:
    """An archive that answers until the end of the block."""
    archive = Archive()

    class Own(Handler):
        pass

    Own.archive = archive
    server = ThreadingHTTPServer(("127.0.0.1", 0), Own)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # connections that the client broke
    archive.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield archive
    finally:
        server.shutdown()
        server.server_close()
