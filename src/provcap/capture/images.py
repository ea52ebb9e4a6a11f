"""Container images that are files: hashed while the jobs run in them, for nobody shall wait for it."""

from __future__ import annotations

import os
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from provcap.capture import artifacts

Identity = tuple[dict[str, Any], list[dict[str, str]]]  #: what the image is, and the gaps in it


class Images:
    """The images that this process has met. `shared` is where processes share the digests of large files."""

    def __init__(self, shared: Path) -> None:
        self.shared = shared
        self._known: dict[str, Future[Identity]] = {}
        self._lock = threading.Lock()

    def begin(self, path: str) -> Future[Identity]:
        """Identify the image at `path` in the background, once."""
        path = os.path.abspath(path)
        with self._lock:
            if path not in self._known:
                self._known[path] = Future()
                threading.Thread(target=self._identify, args=(path, self._known[path]), daemon=True).start()
            return self._known[path]

    def identity(self, path: str) -> Identity:
        """Kind, size and digest of the SIF file or sandbox directory at `path`, when they are known."""
        return self.begin(path).result()

    def _identify(self, path: str, future: Future[Identity]) -> None:
        subject = f"image:{path}"
        if os.path.isdir(path):
            future.set_result(({"kind": "sandbox"}, _unknown(subject, "a directory can change while it is used")))
            return
        try:
            digest = artifacts.digest_of(path, self.shared)
            future.set_result(({"kind": "sif", "digest": digest, "size_bytes": os.stat(path).st_size}, []))
        except Exception as error:  # whoever waits for the result must get one
            future.set_result(({"kind": "sif"}, _unknown(subject, f"the image file could not be read: {error}")))


def _unknown(subject: str, message: str) -> list[dict[str, str]]:
    return [{"slug": "image-digest-unknown", "subject": subject, "message": message}]
