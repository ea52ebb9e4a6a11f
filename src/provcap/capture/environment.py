"""The environment of a job: probed once per image, prefix and node of a run, and shared by digest."""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import shutil
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError, wait
from pathlib import Path
from typing import Any

from provcap import codec, digest, regular, store
from provcap import image as docker_image
from provcap.capture import shellscope
from provcap.capture.images import Images

FORMAT = "provcap.environment/1"
MAX_BYTES = 64 << 20  #: of a file that is read
WAIT_S = 120  #: that an ended job waits for what is found out of its environment; twice the limit of a probe


class Environments:
    """The environments that this process has met, and those that others of the run have written.

    A `probe` runs the staged probe in the environment of the job at hand and lets it write into the folder it is given.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "environments"
        self._known: dict[str, dict[str, Any]] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._owners: dict[str, dict[str, list[str]]] = {}
        self._images = Images(folder / "digests")
        self._lock = threading.Lock()

    def of(self, key: str, image: str | None, staged: Path, probe: Callable[[Path], None]) -> dict[str, Any]:
        """References for a job's record: ``environment`` and ``image``, and ``gaps`` where one is unknown.

        `key` tells environments apart; `image` is the path of the container image, if any. Threads that ask for the
        same key wait for the first one's probe.
        """
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._known:
                self._known[key] = self._read(key) or self._make(key, image, staged, probe)
            return self._known[key]

    def begin(self, key: str, image: str | None, staged: Path, probe: Callable[[Path], None]) -> Future[dict[str, Any]]:
        """The same, looked up in the background while the job runs: it shall not wait for the probe."""
        future: Future[dict[str, Any]] = Future()
        if key in self._known:
            future.set_result(self._known[key])
            return future

        def look() -> None:
            try:
                found = self.of(key, image, staged, probe)
            except Exception as error:  # whoever waits for the result must get one
                message = f"{type(error).__name__}: {error}"[:500]
                found = {"gaps": [_gap("environment-unknown", f"image:{image}" if image else "run", message)]}
            with contextlib.suppress(InvalidStateError):  # nobody waits for it any more
                future.set_result(found)

        threading.Thread(target=look, name="provcap-probe", daemon=True).start()
        return future

    def _reference(self, key: str) -> Path:
        return self.folder / f"{digest.of_bytes(key.encode())[7:31]}.ref"

    def _read(self, key: str) -> dict[str, Any] | None:
        """What another process of this run found for `key`."""
        try:
            found = json.loads(regular.read(self._reference(key), MAX_BYTES))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def _make(self, key: str, image: str | None, staged: Path, probe: Callable[[Path], None]) -> dict[str, Any]:
        found: dict[str, Any] = {"gaps": []}
        if image:
            self._images.begin(image)  # while the probe and the job run
        try:
            content = self._probe(key, staged, probe)
        except Exception as error:  # a container that does not start raises Snakemake's errors
            subject = f"image:{image}" if image else "run"
            reason = f"exit code {error.returncode}" if isinstance(error, subprocess.CalledProcessError) else str(error)
            found["gaps"].append(_gap("environment-unknown", subject, f"the probe could not run in it: {reason}"))
            content = None
        labels: dict[str, str] = {}
        if content is not None:
            labels, commands = content.pop("labels", {}), content.pop("commands", {})
            found["environment"] = self._keep(content)
            self._keep_commands(found["environment"], commands)
            if content["collector"] == "sh":
                subject = f"environment:{found['environment']}"
                found["gaps"].append(
                    _gap(
                        "no-python-in-image", subject, "no Python 3.6 or newer there: its packages were read from files"
                    )
                )
        if image:
            found["image"] = {"path": os.path.abspath(image), "labels": labels}
        elif (around := docker_image.inside()) is not None:
            found["image"] = around
            if "digest" not in around:
                found["gaps"].append(
                    _gap(
                        "image-digest-unknown",
                        f"image:{around['reference']}",
                        "nobody said which image this container runs: PROVCAP_IMAGE",
                    )
                )
        store.write_atomic(self._reference(key), codec.dumps(found).encode())
        return found

    def _probe(self, key: str, staged: Path, probe: Callable[[Path], None]) -> dict[str, Any]:
        out = self.folder / f".probing-{digest.of_bytes(key.encode())[7:19]}-{store.unique()}"
        out.mkdir(parents=True, exist_ok=True)
        try:
            probe(out)
            written = out / "environment.json"
            if not written.exists():
                if not (out / "raw.done").exists():
                    raise OSError("the probe could not write to the work directory from inside it")
                collect = runpy.run_path(str(staged / "collect.py"))["collect"]
                return {**collect(str(out / "raw")), "probe": shellscope.probe_digest()}
            return {**json.loads(regular.read(written, MAX_BYTES)), "probe": shellscope.probe_digest()}
        finally:
            shutil.rmtree(out, ignore_errors=True)

    def _keep(self, content: dict[str, Any]) -> str:
        text = codec.stamp(FORMAT, {k: v for k, v in content.items() if k != "format"}).encode()
        name = digest.of_bytes(text)
        path = self.folder / f"{name.removeprefix('sha256:')}.json"
        if not path.exists():
            store.write_atomic(path, text)
        return name

    def _commands(self, name: str) -> Path:
        return self.folder / "commands" / f"{name.removeprefix('sha256:')}.json"

    def _keep_commands(self, name: str, commands: dict[str, list[str]]) -> None:
        """Keep apart which package owns which program: thousands of lines, of which a job needs a few."""
        path = self._commands(name)
        if not path.exists():
            store.write_atomic(path, codec.dumps(commands).encode())

    def owner(self, name: str, program: str) -> dict[str, str]:
        """``package`` and ``version`` of what owns the path `program` in the environment `name`; empty when unknown."""
        with self._lock:
            if name not in self._owners:
                try:
                    self._owners[name] = json.loads(regular.read(self._commands(name), MAX_BYTES))
                except (OSError, ValueError):
                    self._owners[name] = {}
            found = self._owners[name].get(program)
        return {"package": found[0], "version": found[1]} if found else {}

    def identified(self, found: dict[str, Any]) -> dict[str, Any]:
        """What `of` gave, the image that is a file on this machine with its kind, size and digest."""
        image = found.get("image", {})
        if "path" not in image:
            return found
        identity, gaps = self._images.identity(image["path"])
        return {**found, "image": {**image, **identity}, "gaps": [*found["gaps"], *gaps]}


def awaited(looking: Future[dict[str, Any]]) -> dict[str, Any]:
    """What `Environments.begin` finds; a Gap in its place when that takes longer than WAIT_S."""
    if not wait([looking], WAIT_S).done:
        with contextlib.suppress(InvalidStateError):  # it is there after all
            looking.set_result({"gaps": [_gap("environment-unknown", "run", f"no answer within {WAIT_S} seconds")]})
    return looking.result()


def _gap(slug: str, subject: str, message: str) -> dict[str, str]:
    return {"slug": slug, "subject": subject, "message": message}
