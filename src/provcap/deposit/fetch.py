"""A deposited crate, back from its archive: by DOI or by the URL of its record, as people copy it from a browser.

What an archive says is somebody else's word: names must stay inside the target, sizes are limits, checksums are
compared. What was brought before an interruption lies beside the target and is used by the next try.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import quote, urlsplit

from provcap import identifiers, progress, store
from provcap.deposit import parts
from provcap.deposit.address import refuse_unsafe
from provcap.deposit.limits import PLAIN_KEY
from provcap.deposit.transport import Refused, Transport, interrupted
from provcap.deposit.zipping import PREVIEW
from provcap.errors import ProvcapError
from provcap.opening import METADATA
from provcap.unpack import MAX_BYTES

RESOLVER: Final = "https://doi.org"
RESOLVER_VARIABLE: Final = "PROVCAP_DOI_RESOLVER"  #: another one, as for DOIs of a test system
MAX_FILES: Final = 10_000
_ATTEMPTS: Final = 3
_BLOCK: Final = 1 << 16  #: what is lost at most when an answer breaks off
_RECORD: Final = re.compile(
    r"(?P<before>.*?)(?:/api)?/(?P<kind>records?|uploads|deposit)/(?P<id>[\w.-]+)(?P<draft>/draft)?"
)
_SUPPORTED: Final = "supported: records of InvenioRDM and Zenodo, by DOI or by the URL of their page"


@dataclass(frozen=True, slots=True)
class Remote:
    """A file of a record."""

    key: str
    size_bytes: int
    checksum: str  #: "md5:…", or another of hashlib's


@dataclass(frozen=True, slots=True)
class Record:
    """A record of an InvenioRDM server."""

    api: str
    id: str
    draft: bool = False

    @property
    def path(self) -> str:
        """Below the API."""
        return f"records/{quote(self.id, safe='')}" + ("/draft" if self.draft else "")


def is_reference(text: str) -> bool:
    """Whether `text` is a DOI or URL rather than a path."""
    with contextlib.suppress(ValueError):
        identifiers.doi(text)
        return not os.path.exists(text)
    return re.match(r"(?:https?://|doi:)", text, re.I) is not None


def fetch(reference: str, target: Path | None, folder: Path, token: str | None = None) -> Path:
    """Bring the crate that `reference` names to `target`, or into `folder` under its own name; where it is now.

    `token` is for drafts and closed records, and only goes where a URL says, not where a DOI leads. Raises
    ProvcapError; TargetExists before anything is brought.
    """
    record = _located(reference)
    refuse_unsafe(record.api)
    own = urlsplit(reference.strip()).hostname == urlsplit(record.api).hostname
    http = Transport(record.api, token if own else None)
    files = _listed(http, record)
    name = _crate_name([remote.key for remote in files])
    whole = target or folder / (name or f"{record.id}.crate")
    store.refuse_existing(whole)
    with _working(whole, record) as work:
        _refuse_full(work, files)
        with progress.step("fetching files", sum(remote.size_bytes for remote in files)) as told:
            for remote in files:
                _bring(http, record, remote, work / "crate" / remote.key, told)
        parts.join(work / "crate")
        found = work / "crate" / name if name else work / "crate"
        if whole.is_dir():
            whole.rmdir()  # an empty one, says `refuse_existing`
        os.rename(found, whole)
    return whole


def _located(reference: str) -> Record:
    """The record that a DOI or URL leads to. Raises ProvcapError where that is no InvenioRDM."""
    text = reference.strip()
    record = None if re.match(r"https?://(?:dx\.)?doi\.org/", text) else _record(text)
    if record is not None:
        return record
    try:
        doi = identifiers.doi(text)
    except ValueError:
        landing = _landing(text) if "://" in text else None
    else:
        resolver = os.environ.get(RESOLVER_VARIABLE, RESOLVER).rstrip("/")
        landing = _landing(f"{resolver}/{quote(doi, safe='/')}")
    record = _record(landing) if landing else None
    if record is None:
        where = f", which leads to {landing.split('?')[0]}," if landing else ""
        raise ProvcapError("unknown-archive", f"{reference[:200]!a}{where} is no record of a known archive", _SUPPORTED)
    return record


def _record(url: str) -> Record | None:
    parts_ = urlsplit(url)
    match = _RECORD.match(parts_.path)
    if match is None or parts_.scheme not in ("http", "https"):
        return None
    draft = bool(match["draft"]) or match["kind"] in ("uploads", "deposit")
    return Record(f"{parts_.scheme}://{parts_.netloc}{match['before']}/api", match["id"], draft)


def _landing(url: str) -> str:
    """Where `url` ends after all redirects."""
    http = Transport(url)

    def once() -> str:
        with http.stream(url) as response:
            return str(response.url)

    try:
        return http.patiently(once, f"GET {url}")
    except Refused as error:
        if error.status not in (404, 410):
            raise
        raise ProvcapError("unknown-record", f"{url} leads nowhere", "is it written right?") from None


def _listed(http: Transport, record: Record) -> list[Remote]:
    """The files of `record`, none of which would be written elsewhere. Raises ProvcapError."""
    try:
        answer = http.call("GET", f"{record.path}/files")
    except Refused as error:
        if error.status in (404, 410):
            message = f"{record.api} has no record {record.id}, or does not show it"
            raise ProvcapError("unknown-record", message, "is it published? a draft needs --token-file") from None
        raise
    try:
        found = [_remote(entry) for entry in answer["entries"]]
    except (LookupError, TypeError, ValueError, OverflowError) as error:
        message = f"{record.api} does not answer like InvenioRDM: {error}"
        raise ProvcapError("unknown-archive", message, _SUPPORTED) from None
    places = {remote.key for remote in found}
    folders = {str(parent) for key in places for parent in PurePosixPath(key).parents}
    if len(places) < len(found) or places & folders or len(found) > MAX_FILES:
        raise ProvcapError("unsafe-path", f"the files of {record.id} cannot lie beside each other", "do not trust it")
    return found


def _remote(entry: dict[str, Any]) -> Remote:
    key, size, checksum = str(entry["key"]), int(entry["size"]), str(entry["checksum"])
    if not re.fullmatch(PLAIN_KEY, key) or size < 0:
        raise ProvcapError("unsafe-path", f"the record has a file {key[:200]!a}, which would be written elsewhere")
    if checksum.partition(":")[0] not in ("md5", "sha1", "sha256", "sha512"):
        raise ValueError(f"{key!a} has no checksum")
    return Remote(key, size, checksum)


def _crate_name(keys: list[str]) -> str | None:
    """The file that is the crate; None when all files together are. Raises ProvcapError when there is no crate."""
    whole = [parts.whole_of(key) or key for key in keys]
    zips = {key for key in whole if key.lower().endswith(".zip") and "/" not in key}
    if len(zips) == 1 and set(whole) <= zips | {METADATA, PREVIEW}:
        return zips.pop()
    if METADATA in keys:
        return None
    message = f"the record holds no crate: among its {len(keys)} files is neither {METADATA} nor one zip"
    raise ProvcapError("no-crate", message, "name a record that provcap has deposited")


@contextlib.contextmanager
def _working(target: Path, record: Record) -> Iterator[Path]:
    """A folder beside `target`, for this record and nobody else at this time; gone at the end, unless interrupted."""
    import filelock

    mark = hashlib.sha256(f"{record.api} {record.path}".encode()).hexdigest()[:12]
    work = target.absolute().parent / f".{target.name}.{mark}.fetching"
    (work / "crate").mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(work / "lock", timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout:
        message = f"another provcap is fetching {target.name} at this moment"
        raise ProvcapError("deposit-going-on", message, "wait until it has ended") from None
    try:
        yield work
        shutil.rmtree(work)
    finally:
        lock.release()


def _refuse_full(work: Path, files: list[Remote]) -> None:
    total = sum(remote.size_bytes for remote in files)
    free = shutil.disk_usage(work).free
    if total > min(free, MAX_BYTES):
        message = f"the record has {parts.amount(total)}, and {parts.amount(min(free, MAX_BYTES))} may be written"
        raise ProvcapError("too-large", message, "choose another place: -o TARGET")


def _bring(http: Transport, record: Record, remote: Remote, path: Path, told: progress.Advance) -> None:
    """One file, from where the last try stopped, until it is what the archive says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(_ATTEMPTS):
        what = f"GET {remote.key}"
        where = f"{record.path}/files/{quote(remote.key)}/content"
        http.patiently(lambda where=where: _append(http, where, remote, path, told), what)  # type: ignore[misc]
        if _is(path, remote):
            _mark_program(path)
            return
        path.unlink()
    message = f"{remote.key} came as something else {_ATTEMPTS} times: {remote.checksum} is what the archive promises"
    raise ProvcapError("checksum-differs", message, "the archive, or what is between, changes it: do not use it")


def _append(http: Transport, where: str, remote: Remote, path: Path, told: progress.Advance) -> None:
    have = path.stat().st_size if path.exists() else 0
    if have >= remote.size_bytes and path.exists():
        told(have)
        return
    with http.stream(where, {"Range": f"bytes={have}-"} if have else {}) as response:
        goes_on = response.status_code == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        with open(path, "ab" if goes_on else "wb") as stream:
            left = remote.size_bytes - stream.tell()
            for block in interrupted(response.iter_content(_BLOCK)):
                if len(block) > left:
                    message = f"{remote.key} is longer than the {remote.size_bytes} bytes that the archive promises"
                    raise ProvcapError("checksum-differs", message, "do not trust it")
                stream.write(block)
                left -= len(block)
                told(len(block))


def _mark_program(path: Path) -> None:
    """Archives forget that a file is a program; packing takes the same first bytes for one."""
    with open(path, "rb") as stream:
        if stream.read(2) == b"#!":
            path.chmod(path.stat().st_mode | 0o111)


def _is(path: Path, remote: Remote) -> bool:
    name, _, expected = remote.checksum.partition(":")
    found = hashlib.new(name, usedforsecurity=False)
    with open(path, "rb") as stream:
        while block := stream.read(_BLOCK):
            found.update(block)
    return path.stat().st_size == remote.size_bytes and found.hexdigest() == expected.lower()
