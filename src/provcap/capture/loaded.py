"""The models that a job's Python processes loaded, as probe/python/_provcap_weights.py told them: their digests, gaps.

What the job told is not believed without a look: types, lengths and numbers are limited.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from provcap import digest, hashing
from provcap.capture import fence

MAX_LOADS: Final = 500
MAX_SETTINGS: Final = 100
MAX_TEXT: Final = 4000
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_TEXTS: Final = ("library", "version", "path", "device", "where")
_SHADOW: Final = re.compile(r"^\.snakemake/shadow/[^/]+/")
#: execution providers of onnxruntime whose results are the same each time, as far as it says
_STEADY: Final = {"CPUExecutionProvider", "AzureExecutionProvider"}
_GPU: Final = re.compile(r"\b(?:cuda|xpu|gpu|mps|hip)\b", re.IGNORECASE)


def read(told: object) -> list[dict[str, Any]]:
    """Loads as plain values, with ``file``: path, size, mtime in ns, inode and ctime in ns of the file when loaded."""
    found = []
    for load in told[:MAX_LOADS] if isinstance(told, list) else ():
        if not isinstance(load, dict) or not isinstance(load.get("library"), str) or not load["library"]:
            continue
        kept: dict[str, Any] = {n: load[n][:MAX_TEXT] for n in _TEXTS if isinstance(load.get(n), str) and load[n]}
        for name in ("asked", "providers"):
            kept[name] = [str(item)[:100] for item in _list(load.get(name))[:20]]
        settings = load.get("settings")
        pairs = list(settings.items())[:MAX_SETTINGS] if isinstance(settings, dict) else ()
        kept["settings"] = {str(name)[:200]: str(value)[:200] for name, value in pairs}
        kept["times"] = _count(load.get("times")) or 1
        kept["size_bytes"] = _count(load.get("size"))
        if isinstance(load.get("digest"), str) and _DIGEST.fullmatch(load["digest"]):
            kept["digest"] = load["digest"]
        file = load.get("file")
        if isinstance(file, list) and len(file) == 5 and isinstance(file[0], str) and file[0].startswith("/"):
            kept["file"] = file
        found.append({name: value for name, value in kept.items() if value not in (None, [], {}, "")})
    return found


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 60 else None


def once(loads: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Equal loads of several processes as one."""
    found: dict[str, dict[str, Any]] = {}
    for load in loads:
        key = repr(sorted((name, repr(value)) for name, value in load.items() if name != "times"))
        if key in found:
            found[key]["times"] += load["times"]
        else:
            found[key] = dict(load)
    return list(found.values())


def files(loads: Iterable[dict[str, Any]], workdir: Path) -> set[str]:
    """The files and directories below `workdir` that were loaded and are there, relative to it.

    The libraries open them by themselves: among the files that Python opened they are not.
    """
    paths = {load["path"] for load in loads if "path" in load and not load["path"].startswith("/")}
    return {path for path in paths if ".." not in path.split("/") and (workdir / path).exists()}


def digested(loads: Sequence[dict[str, Any]], workdir: Path, forbidden: Callable[[str], str]) -> list[dict[str, Any]]:
    """The loads with the digest of what was loaded, as far as the file is the same still; without ``file``.

    `forbidden` says why the file at a place may not be hashed, or nothing.
    """
    found = []
    for load in loads:
        kept = {name: value for name, value in load.items() if name != "file"}
        file = load.get("file")
        if "digest" not in kept and file is not None and not forbidden(file[0]):
            value = fence.attempt(functools.partial(_same, file, workdir), None)
            if value is not None:
                kept["digest"] = value
        if "path" in kept:
            kept["path"] = _SHADOW.sub("", kept["path"])
        found.append(kept)
    return found


def _same(file: list[Any], workdir: Path) -> str | None:
    """The digest of a file that size, times and inode say is the one that was loaded; of a directory below the work
    directory, whose content nothing tells but itself, as it is now. Raises OSError."""
    path = file[0]
    if file[1] is None:
        inside = path.startswith(f"{workdir}/") and os.path.isdir(path)
        return digest.of_tree(path)[0] if inside else None
    found = _hashed(path, *file[1:]) if _identity(path) == tuple(file[1:]) else None
    return found if _identity(path) == tuple(file[1:]) else None


@functools.lru_cache
def _hashed(path: str, *_identity: int) -> str:
    """Once for an identity with ctime: what `digest` remembers does not see a copy that keeps size, mtime and inode."""
    return "sha256:" + hashing.hexdigest(path)


def _identity(path: str) -> tuple[int, ...]:
    return (*digest.key_of(path)[1:], os.stat(path).st_ctime_ns)


def gaps(loads: Sequence[dict[str, Any]], subject: str) -> list[dict[str, str]]:
    """What is not known of the loads of the job `subject`, and which of them may give other results another time."""
    found: dict[tuple[str, str], None] = {}
    for load in loads:
        name = load.get("path", "a model that was not given by its name")
        if "digest" not in load:
            message = f"{name}, loaded by {load['library']}: it was changed, removed, out of reach or too large to hash"
            found["weights-not-hashed", message] = None
        for reason in _unsteady(load):
            found["inference-not-deterministic", f"{name}, loaded by {load['library']}: {reason}"] = None
    return [{"slug": slug, "subject": subject, "message": message} for slug, message in found]


def _unsteady(load: dict[str, Any]) -> Iterable[str]:
    settings = load.get("settings", {})
    fast = [name for name in load.get("providers", ()) if name not in _STEADY]
    if fast and settings.get("use_deterministic_compute") != "True":
        yield f"it ran on {fast[0]}, and use_deterministic_compute was not set"
    if _GPU.search(load.get("device", "")):
        now = settings.get("deterministic_algorithms at the end", settings.get("deterministic_algorithms"))
        if now == "False":
            yield f"on {load['device']}, torch.use_deterministic_algorithms was not called"
    if settings.get("op_determinism") == "False" and _GPU.search(load.get("device", "")):
        yield f"on {load['device']}, the determinism of TensorFlow's operations was not enabled"
