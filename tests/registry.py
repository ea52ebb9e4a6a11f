"""A container registry on this machine: as much of the OCI distribution API as a pull asks for."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar"


@contextmanager
def serving(image: str, folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Serve Docker's `image` as ``box`` on a free port; its address by digest, and the paths that were asked for."""
    subprocess.run(["docker", "save", "-o", folder / "image.tar", image], check=True)
    with tarfile.open(folder / "image.tar") as archive:
        entry = json.load(archive.extractfile("manifest.json"))[0]  # type: ignore[arg-type]
        parts = [archive.extractfile(name).read() for name in (entry["Config"], *entry["Layers"])]  # type: ignore[union-attr]
    blobs = {"sha256:" + hashlib.sha256(data).hexdigest(): data for data in parts}
    listed = [
        {"mediaType": kind, "digest": name, "size": len(data)}
        for kind, (name, data) in zip([CONFIG, *[LAYER] * (len(parts) - 1)], blobs.items(), strict=True)
    ]
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": listed[0], "layers": listed[1:]}
    text = json.dumps(manifest).encode()
    address = "sha256:" + hashlib.sha256(text).hexdigest()
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            name = self.path.rsplit("/", 1)[-1]
            found = text if name == address else blobs.get(name, b"{}" if self.path == "/v2/" else None)
            self.send_response(200 if found is not None else 404)
            self.send_header("Content-Type", MANIFEST if found is text else "application/octet-stream")
            self.send_header("Content-Length", str(len(found or b"")))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(found or b"")

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"docker://localhost:{server.server_port}/box@{address}", asked
    finally:
        server.shutdown()
