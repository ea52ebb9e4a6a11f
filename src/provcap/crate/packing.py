"""Which file goes into the crate, under which name, and what happened to those that do not."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from provcap import digest, progress
from provcap.crate.draft import fragment
from provcap.crate.places import Places, file_id
from provcap.crate.policy import Policy
from provcap.model import Artifact, Embedding, Gap, Run, Source
from provcap.questions import (
    delivered,
    external_inputs,
    fell_short,
    final_outputs,
    is_transient,
    outputs,
    producers,
)

Role = Literal["output", "input", "intermediate", "log"]
SourceReader = Callable[[Source], bytes | None]
LINKS_LEFT_OUT = "link-not-packed"


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of one file of the crate: at `path`, or here."""

    path: Path | None = None
    data: bytes = b""
    digest: str | None = None  #: what they must hash to; None when unknown
    executable: bool = False


@dataclass(slots=True)
class Item:
    """One version of one file of the run, as the crate speaks of it."""

    id: str
    artifact: Artifact
    role: Role
    place: str | None = None  #: path in the crate when it is embedded
    why_not: str | None = None  #: a sentence, when it is not
    tree: str | None = None  #: tree digest of the embedded directory
    size_bytes: int | None = None
    digest: str | None = None
    recorded: str | None = None  #: digest of the image as its job made it, when its lineage was embedded since


@dataclass(slots=True)
class Packing:
    """What a crate will contain besides its metadata."""

    places: Places
    contents: dict[str, Content] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    items: dict[tuple[str, str | None], Item] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    current: dict[str, str | None] = field(default_factory=dict)  #: digest of each path when the run had ended
    sources: dict[str, str] = field(default_factory=dict)  #: Source.path to @id
    embedded: dict[tuple[str, str], Embedding] = field(default_factory=dict)  #: by path and what it has now
    images: list[tuple[str, str]] = field(default_factory=list)  #: Image.id and place of each file of an image

    def id_of(self, artifact: Artifact) -> str:
        """The @id of the entity that stands for `artifact`."""
        return self.items[self.key(artifact)].id

    def key(self, artifact: Artifact) -> tuple[str, str | None]:
        """What tells one version of a file from another."""
        return artifact.path, artifact.digest or self.current.get(artifact.path)

    def put(self, place: str, data: bytes) -> str:
        """Add a file of our own at `place`, which has been reserved; returns its @id."""
        self.contents[place] = Content(data=data, digest=digest.of_bytes(data))
        return file_id(place)


def pack_sources(run: Run, packing: Packing, read: SourceReader | None) -> None:
    """Place the files of the workflow where it can run again: at their own paths, as they were at run time."""
    for source in sorted(run.workflow.sources, key=lambda s: (s.path != run.workflow.snakefile, s.path)):
        data = _source_content(source, read)
        main = source.path == run.workflow.snakefile
        if data is None:
            message = f"{source.path} is no longer what was run ({source.digest}), and no copy of it was kept"
            packing.gaps.append(Gap("source-changed", f"file:{source.path}", message))
            if not main:
                packing.sources[source.path] = fragment("source", source.path)
                continue
            data = _stand_in(source.digest)
        place = packing.places.take(source.path)
        packing.sources[source.path] = file_id(place)
        packing.contents[place] = Content(data=data, digest=digest.of_bytes(data), executable=data.startswith(b"#!"))
    if run.workflow.snakefile not in packing.sources:  # a crate must have its main workflow (Workflow RO-Crate 1.0)
        packing.gaps.append(Gap("source-changed", f"file:{run.workflow.snakefile}", "the Snakefile was not recorded"))
        place = packing.places.take(run.workflow.snakefile)
        packing.sources[run.workflow.snakefile] = packing.put(place, _stand_in("unknown"))


def _stand_in(known: str) -> bytes:
    return f"# This stands for the Snakefile that was run; its text is not available.\n# Its digest: {known}\n".encode()


def _source_content(source: Source, read: SourceReader | None) -> bytes | None:
    """What was run, or the kept copy in which secrets were replaced; then the original is out of bounds."""
    data = read(source) if read else None
    if data is None and source.kept is None:
        try:
            data = Path(source.place).read_bytes() if stat.S_ISREG(os.stat(source.place).st_mode) else None
        except (OSError, ValueError):
            return None
    return data if data is not None and digest.of_bytes(data) == (source.kept or source.digest) else None


def pack_artifacts(run: Run, packing: Packing, workdir: Path | None, policy: Policy) -> None:
    """Decide on every version of every file that jobs read, wrote or logged to."""
    roles, latest = _roles(run)
    packing.embedded = {(one.path, one.embedded): one for one in run.embeddings}
    packing.current.update({path: artifact.digest for path, artifact in latest.items()})
    unmade = _unmade(run)
    for path in progress.over(sorted(latest), "hashing files"):
        artifact = latest[path]
        item = Item(
            fragment("file", path), artifact, roles[path], digest=artifact.digest, size_bytes=artifact.size_bytes
        )
        packing.items[path, artifact.digest] = item
        item.why_not = _excluded(item, policy)
        if path in unmade and workdir and not os.path.lexists(workdir / path) and path not in policy.withheld:
            item.why_not = unmade[path]
        if item.why_not is None:
            _embed(item, packing, policy.moved.get(path) or (workdir and workdir / path))
        if item.why_not is not None and artifact.query:
            item.why_not += f"; it came from {artifact.query}"
    for artifact in _all_artifacts(run):
        key = packing.key(artifact)
        if key not in packing.items and artifact.kind != "missing":
            mark = (artifact.digest or "").removeprefix("sha256:")[:12]
            item = Item(fragment("file", f"{artifact.path}@{mark}"), artifact, roles[artifact.path])
            item.why_not, item.digest = "an earlier version, overwritten since", artifact.digest
            item.size_bytes = artifact.size_bytes
            packing.items[key] = item


def _unmade(run: Run) -> dict[str, str]:
    """Why a file that only attempts without success had to make is not there: Snakemake removes what they leave."""
    made = producers(run).keys() | {job.benchmark for job in run.jobs if delivered(job)}
    found: dict[str, str] = {}
    for job in filter(fell_short, run.jobs):
        why = f"not made: its job {'failed' if job.status == 'failed' else 'did not end'}"
        found.update({path: why for path in (*(a.path for a in job.made), job.benchmark) if path and path not in made})
    return found


def _all_artifacts(run: Run) -> Iterable[Artifact]:
    for job in run.jobs:
        yield from job.read
        yield from job.made
        yield from job.logs


def _roles(run: Run) -> tuple[dict[str, Role], dict[str, Artifact]]:
    """The role of each path, and its last version."""
    roles: dict[str, Role] = {}
    latest: dict[str, Artifact] = {}
    for artifact in _all_artifacts(run):  # weakest claim first: outputs of failed attempts appear nowhere below
        if artifact.kind != "missing":
            roles[artifact.path], latest[artifact.path] = "intermediate", artifact
    for job in run.jobs:
        for artifact in job.logs:
            if artifact.kind != "missing":
                roles[artifact.path], latest[artifact.path] = "log", artifact
        if job.benchmark:
            roles[job.benchmark], latest[job.benchmark] = "log", Artifact(job.benchmark)
    answers: tuple[tuple[Role, tuple[Artifact, ...]], ...] = (
        ("input", external_inputs(run)),
        ("intermediate", outputs(run)),
        ("output", final_outputs(run)),
    )
    for role, artifacts in answers:
        for artifact in artifacts:
            if artifact.kind != "missing":
                roles[artifact.path], latest[artifact.path] = role, artifact
    for artifact in _all_artifacts(run):  # one mention was hashed, another was not
        if artifact.digest and latest[artifact.path].digest is None and artifact.kind == latest[artifact.path].kind:
            latest[artifact.path] = replace(
                latest[artifact.path], digest=artifact.digest, size_bytes=artifact.size_bytes
            )
    return roles, latest


def _excluded(item: Item, policy: Policy) -> str | None:
    """Why `item` stays out although it may be there, or None."""
    artifact, role = item.artifact, item.role
    if artifact.path in policy.withheld:
        return policy.withheld[artifact.path]
    if artifact.kind in ("pipe", "service"):
        return f"a {artifact.kind}, which has no content after the run"
    if is_transient(artifact):
        return "temporary: Snakemake removed it after its last use"
    wanted = {"output": policy.outputs, "input": policy.inputs, "intermediate": policy.intermediates, "log": True}
    if not wanted[role]:
        return f"left out, as {role}s were not to be packed"
    if role in ("input", "intermediate") and (artifact.size_bytes or 0) > policy.max_file_bytes:
        return f"left out, as it is larger than {policy.max_file_bytes} bytes"
    return None


def _embed(item: Item, packing: Packing, path: Path | None) -> None:
    """Give `item`, which lies at `path`, a place and content, or say in `why_not` and a gap why it cannot have them."""
    if path is None:
        item.why_not = "left out, as the work directory of the run was not at hand"
        return
    side = "output" if item.role in ("output", "intermediate") else item.role
    try:
        info = os.stat(path)
        if stat.S_ISDIR(info.st_mode):
            found, size = digest.of_tree(path)
        elif stat.S_ISREG(info.st_mode):
            found, size = digest.of_file(path), info.st_size
        else:
            raise OSError("neither a file nor a directory")
    except (OSError, ValueError):
        item.why_not = "gone since the run"
        packing.gaps.append(Gap(f"{side}-vanished", f"file:{item.artifact.path}", "it is not there any more"))
        return
    known = packing.embedded.get((item.artifact.path, found))
    if known is not None and known.file == item.digest:
        item.digest, item.recorded = found, item.digest
    if item.digest not in (None, found):
        item.why_not = f"changed since the run (it now has {found})"
        message = f"it was {item.digest} when the run had ended and is {found} now"
        packing.gaps.append(Gap(f"{side}-changed", f"file:{item.artifact.path}", message))
    elif item.digest is None and (path.is_symlink() or stat.S_ISDIR(info.st_mode)):
        item.why_not = "left out, as it was not hashed when the run met it"
    elif os.path.normpath(item.artifact.path) == ".":
        item.why_not = "the work directory itself"
    elif stat.S_ISDIR(info.st_mode):
        _embed_tree(item, packing, path, found)
    else:
        _embed_file(item, packing, Content(path=path, digest=found), size)


def _embed_file(item: Item, packing: Packing, content: Content, size: int) -> None:
    known = packing.contents.get(item.artifact.path)
    same = known is not None and known.digest == content.digest  # a script that is also an input
    item.place = item.artifact.path if same else packing.places.take(item.artifact.path)
    item.id = file_id(item.place)
    item.size_bytes = size
    packing.contents.setdefault(item.place, content)


def _embed_tree(item: Item, packing: Packing, root: Path, found: str) -> None:
    """All regular files below `root`. Links are not followed: what they show was not recorded."""
    item.place = packing.places.take(item.artifact.path)
    item.id = file_id(item.place) + "/"
    item.tree = found
    packing.folders.add(item.place)
    left_out = []
    for folder, folders, names in os.walk(root):
        folders.sort()
        below = Path(folder).relative_to(root)
        if not folders and not names:
            packing.folders.add((Path(item.place) / below).as_posix())
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in sorted({*names, *links} - digest.SIDE_FILES):
            path = Path(folder, name)
            if not stat.S_ISREG(os.lstat(path).st_mode) or not _is_text(name):
                left_out.append((below / name).as_posix())
                continue
            place = (Path(item.place) / below / name).as_posix()
            packing.contents[place] = Content(path=path, digest=digest.of_file(path))
    if left_out:
        item.tree = None
        what = "symbolic links, special files or names that no zip can hold"
        message = f"{len(left_out)} {what} in it are not in the crate, first {left_out[0]!a}"
        packing.gaps.append(Gap(LINKS_LEFT_OUT, f"file:{item.artifact.path}", message))


def _is_text(name: str) -> bool:
    """Whether `name` can be written into JSON and unpacked from a zip everywhere: UTF-8, and no backslash."""
    return not any(character == "\\" or "\ud800" <= character <= "\udfff" for character in name)


def description(item: Item, rule: str | None) -> str:
    """What a reader of the crate is told about `item`, and how to get it when it is not there."""
    kind = {"output": "Final output", "input": "Input", "intermediate": "Intermediate result", "log": "Log"}[item.role]
    text = f"{kind} {item.artifact.path}"
    if item.recorded is not None:
        return text + f", with its lineage embedded after the run; as its job made it, it was {item.recorded}"
    if item.why_not is None:
        unhashed = "; not hashed at run time, its digest is that of this copy" if item.artifact.digest is None else ""
        return text + (unhashed if item.artifact.kind == "file" else "")
    text += f", not in this crate: {item.why_not}"
    return text + (f". Run rule {rule} again to make it" if rule else "")
