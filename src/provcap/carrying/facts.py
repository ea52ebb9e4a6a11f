"""What is told of an image inside of it: enough to find the record, and to know without it what made the image.

An image goes further than a crate does. So names of people and machines are replaced as for publication, and no path
of this machine is told.
"""

from __future__ import annotations

import functools
import re
from typing import Any, Final

from provcap import codec, digest
from provcap.model import Artifact, Job
from provcap.opening import IN_CRATE, Opened
from provcap.redact.known import of_run
from provcap.redact.pseudonyms import Pseudonyms
from provcap.taken_over import beginning, workflow_in

MOST: Final = 60  #: programs and modules that are named
LARGEST_PARAMS: Final = 64 << 10  #: bytes of JSON; larger ones stand in the record
_HOMES: Final = ("home", "homes", "users", "documents and settings")  #: what lies in them has the name of a person
_CUT: Final = "<redacted:home-path>"
#: one name in a path, which may have blanks in it when more of the path follows
_NAME: Final = r"(?:[^\s/'\"<>|:;,]|:(?!/))++(?: (?!--?[A-Za-z])(?:[^\s/'\"<>|:;,]|:(?!/))++){0,9}"
#: other URLs stay whole; of `host:/path` the machine goes, too, of `-I/path` the option stays
_ABSOLUTE: Final = re.compile(
    rf"(?P<path>\b(?:file|smb|nfs|cifs|afp|sftp|scp)://+{_NAME}(?:/+{_NAME})*/*)"
    r"|(?P<url>\b[A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s'\"<>|;,]+)"
    r"|(?:(?P<option>(?<![\w.~/-])--?\w+)|(?<![\w.~/-])(?:[\w.@-]+:(?=/))?)"
    rf"(?P<local>(?:(?:\.\./)+(?=(?i:homes?|users)/)|(?:(?<!:)/+)?/)(?:(?:{_NAME}/+)+[^\s/'\"<>|:;,]*|root(?![\w.-])))"
)
_PART: Final = r"[^\\/:*?'\"<>|\s]++"
_WINDOWS: Final = re.compile(
    rf"(?P<path>(?:(?<![\w/])[A-Za-z]:[\\/]+|(?<!\\)\\\\+(?={_PART}[\\/]))"
    rf"(?:{_PART}(?: {_PART}){{0,9}}[\\/]+)*(?:{_PART})?)"
)


def facts(opened: Opened, job: Job, artifact: Artifact, identifier: str | None) -> dict[str, Any]:
    """What is told of `artifact`, which `job` of the run made; the same for the same."""
    run = opened.run
    clean = functools.partial(_clean, names=Pseudonyms(of_run(run)), workdir=run.workdir)
    params = codec.dumps(job.params)
    began = _began(opened, job)
    told = {
        "file": clean(artifact.path),
        "identifier": identifier,
        "run": run.id,
        "run_record": _record(opened),
        "job": _told(
            {
                "id": job.id,
                "rule": job.rule,
                "run": job.run if job.run != run.id else None,
                "wildcards": clean(dict(job.wildcards)),
                "params": clean(dict(job.params)) if len(params) <= LARGEST_PARAMS else None,
                "params_left_out": None if len(params) <= LARGEST_PARAMS else f"{len(params)} bytes, in the record",
                "started": job.started,
                "ended": job.ended,
                "record": digest.of_bytes(codec.dumps(codec.encode(job)).encode("utf-8", "surrogateescape")),
            }
        ),
        "workflow": clean(_workflow(opened, job, began)),
        "software": clean(_software(opened, job, began)),
    }
    return _told(told)


def _began(opened: Opened, job: Job) -> dict[str, Any]:
    """What the earlier run recorded when it began in which the job ran; nothing when it was this one."""
    if job.run == opened.run.id or opened.folder is None:
        return {}
    return beginning(opened.folder.parent / job.run)


def _workflow(opened: Opened, job: Job, began: dict[str, Any]) -> dict[str, Any]:
    """That of the run in which the job ran: an earlier one than this, when its results were up to date."""
    run = opened.run
    names = {"snakefile": "snakefile", "repository": "repository", "commit": "commit", "dirty": "changed"}
    found = {name: getattr(run.workflow, name) for name in names} if job.run == run.id else workflow_in(began)
    return _told({told: found.get(name) for name, told in names.items()})


def _told(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, {}, [], "")}


def _record(opened: Opened) -> str:
    """Digest of the run.json as it lies there."""
    place = opened.folder / "run.json" if opened.folder else opened.crate / IN_CRATE if opened.crate else None
    if place is not None and place.is_file():
        return digest.of_file(place)
    return digest.of_bytes(codec.dump_run(opened.run).encode("utf-8", "surrogateescape"))


def _software(opened: Opened, job: Job, began: dict[str, Any]) -> list[dict[str, Any]]:
    """Name and version of what made the image: engine, container image, commands, imported modules."""
    run = opened.run
    found: list[dict[str, Any]] = []
    for name in ("Snakemake", "provcap"):
        field = f"{name.lower()}_version"
        found.append({"name": name, "version": getattr(run, field) if job.run == run.id else began.get(field)})
    image = next((image for image in run.images if image.id == job.image), None)
    if image is not None:
        found.append({"name": image.reference, "version": image.digest, "kind": "container image"})
    imports = next((imports for imports in run.imports if imports.id == job.imports), None)
    found += [{"name": tool.package or tool.name, "version": tool.version} for tool in job.tools]
    found += [{"name": m.distribution or m.name, "version": m.version} for m in (imports.modules if imports else ())]
    known = [_told(one) for one in found if one["version"]]
    return [one for n, one in enumerate(known) if one not in known[:n]][:MOST]


def _clean(value: Any, names: Pseudonyms, workdir: str) -> Any:
    """A JSON value without names of people, machines and their directories."""
    return _without_paths(names.value(_without_paths(value, workdir)), workdir)


def _without_paths(value: Any, workdir: str) -> Any:
    if isinstance(value, dict):
        return {_without_paths(key, workdir): _without_paths(item, workdir) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_paths(item, workdir) for item in value]
    if not isinstance(value, str):
        return value
    if len(workdir) > 1:
        value = re.sub(re.escape(workdir.rstrip("/")) + r"(?:/|\Z)", "", value)
    if value.startswith("/") and "\n" not in value and len(value) > 1:  # any sign may stand in a name
        value = _last(value)
    return _ABSOLUTE.sub(_shortened, _WINDOWS.sub(_shortened, value))


def _shortened(match: re.Match[str]) -> str:
    found = match.groupdict()
    path = found["path"] or found.get("local")
    return match[0] if path is None else (found.get("option") or "") + _last(path)


def _last(path: str) -> str:
    """The last name in the absolute `path`, unless it may be that of a person."""
    names = [name for name in re.split(r"[\\/]+", path) if name]
    if names == ["root"] or (len(names) > 1 and names[-2].lower() in _HOMES):
        return _CUT
    return names[-1] if names else ""
