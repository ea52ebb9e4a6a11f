"""The workflow's own files, kept as they are when the run begins: later edits must not change what the record says."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from provcap import digest, store
from provcap.capture import scrub
from provcap.config import ACQUISITION

#: folders beside a Snakefile that belong to the workflow (Snakemake's recommended layout)
FOLDERS = ("rules", "scripts", "envs", "notebooks", "schemas", "report", "config", "profiles", "lib", "src")
#: of files that scripts may import or run
CODE = frozenset(".py .r .rmd .jl .sh .bash .pl .rb .ipynb .m .ijm .groovy .lua .awk .c .cpp .java .rs".split())
MAX_FILE_BYTES = 4 << 20  #: a larger file is data, not source
MAX_FILES = 1000
MAX_NAMED = 5  #: files that a Gap names
_SKIP = re.compile(r"(^\.|^__pycache__$|\.pyc$|~$)")


def root_of(snakefile: str) -> Path:
    """The folder that the workflow's paths are relative to: above ``workflow/`` in the recommended layout."""
    base = Path(snakefile).absolute().parent
    return base.parent if base.name == "workflow" else base


def gather(workdir: Path, paths: dict[str, list[str]], secrets: list[str]) -> dict[str, Any]:
    """Keep a copy of every workflow file; return the Sources and the Gaps.

    `paths`: absolute paths by role, the main Snakefile first. Files beside the Snakefile in the recommended layout's
    folders are kept too, with the role "other", because a workflow cannot run again without its schemas and tables;
    and so is what the work directory says that the workflow needs of its images.
    """
    snakefile = paths["snakefile"][0]
    root = root_of(snakefile)
    roles = {path: role for role, files in reversed(paths.items()) for path in files}
    own = [path for path in _said_in(workdir) if path.is_file()]
    beside = (*_beside(snakefile, root), *_code_beside(paths.get("script", ())), *own)
    roles.update({str(p): "other" for p in beside if str(p) not in roles})
    sources: list[dict[str, Any]] = []
    gaps: list[dict[str, str]] = []
    for path, role in sorted(roles.items()):
        if len(sources) >= MAX_FILES or not os.path.isfile(path) or os.path.getsize(path) > MAX_FILE_BYTES:
            gaps.append({"slug": "source-not-kept", "subject": f"file:{path}", "message": _why_not(path)})
            continue
        content = Path(path).read_bytes()
        name = os.path.relpath(path, root)
        source = {
            "path": path if name.startswith("..") else Path(name).as_posix(),
            "digest": digest.of_bytes(content),
            "size_bytes": len(content),
            "role": role,
            "place": path,
        }
        kept, counts = _without_secrets(content, path, secrets)
        if counts:
            source["kept"] = digest.of_bytes(kept)
            gaps.append(
                {"slug": "redacted", "subject": f"file:{path}", "message": f"its kept copy has {counts} replaced"}
            )
        store.keep_source(workdir, kept)
        sources.append(source)
    return {"snakefile": Path(os.path.relpath(snakefile, root)).as_posix(), "sources": sources, "gaps": gaps}


def _without_secrets(content: bytes, path: str, secrets: list[str]) -> tuple[bytes, str]:
    """The content to keep, and in words what was replaced in it; binary files stay as they are."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return content, ""
    scrubber = scrub.Scrubber(secrets)
    clean = scrubber.text(
        text, code=not path.endswith((".yaml", ".yml", ".json", ".toml", ".ini", ".cfg", ".env", ".tsv"))
    )
    return clean.encode(), ", ".join(f"{count} {rule}" for rule, count in sorted(scrubber.counts.items()))


def _why_not(path: str) -> str:
    if "://" in path:
        return "it lies on another server and was not copied"
    if not os.path.isfile(path):
        return "it is not a regular file here"
    return f"larger than {MAX_FILE_BYTES >> 20} MiB, or one of more than {MAX_FILES} files"


def _beside(snakefile: str, root: Path) -> list[Path]:
    base = Path(snakefile).absolute().parent
    folders = {base, root / "config"} if base.name == "workflow" else {base / name for name in FOLDERS}
    found = []
    for folder in sorted(folders):
        for here, below, names in os.walk(folder):
            below[:] = sorted(d for d in below if not _SKIP.search(d) and not (Path(here) / d).is_symlink())
            found += [Path(here) / n for n in sorted(names) if not _SKIP.search(n)]
            if len(found) > MAX_FILES:
                return found[: MAX_FILES + 1]
    return found


def _code_beside(scripts: Iterable[str]) -> list[Path]:
    """The code in the folders of the `scripts`, wherever they lie: what they import first is looked for there."""
    found: list[Path] = []
    for folder in sorted({Path(script).parent for script in scripts if "://" not in script}):
        try:
            entries = [entry for entry in os.scandir(folder) if not _SKIP.search(entry.name)]
        except OSError:
            continue
        code = [e.path for e in entries if os.path.splitext(e.name)[1].lower() in CODE and e.is_file()]
        found += map(Path, sorted(code)[:MAX_FILES])
    return found


def _said_in(workdir: Path) -> tuple[Path, ...]:
    """Where a work directory says what the workflow needs of its images."""
    return workdir / ACQUISITION, workdir / "config" / ACQUISITION


def versioned(sources: Iterable[dict[str, Any]], workdir: Path, root: Path) -> list[str]:
    """The places of the `sources` that a checkout of the workflow in `root` should hold: what another work directory
    says is no part of it."""
    elsewhere = {str(path) for path in _said_in(workdir)} if os.path.realpath(workdir) != os.path.realpath(root) else ()
    return [source["place"] for source in sources if source["place"] not in elsewhere]


def git_state(root: Path, places: Iterable[str]) -> dict[str, Any]:
    """Commit and remote of the git checkout that holds the workflow, and whether its files at `places` differ from that
    commit or are not in it (``dirty``, ``changed``); empty when there is none."""
    commit, top = _git(root, "rev-parse", "HEAD"), _git(root, "rev-parse", "--show-toplevel")
    if commit is None or top is None:
        return {}
    real = {os.path.realpath(place) for place in places}
    files = sorted(place for place in real if place.startswith(top + os.sep))
    remote = _git(root, "config", "--get", "remote.origin.url")
    found: dict[str, Any] = {"commit": commit}
    changes = (
        _git(root, "status", "--porcelain", "-z", "--untracked-files=all", "--ignored", "--", *files) if files else None
    )
    if changes is not None:
        found["dirty"] = bool(changes)
        found["changed"] = [entry.split(None, 1)[1] for entry in changes.split("\0") if " " in entry][:MAX_NAMED]
    if remote:
        found["repository"] = re.sub(r"^([a-z+]+://)[^/@]*@", r"\1", remote)
    return found


def _git(root: Path, *arguments: str) -> str | None:
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}  # do not refresh, and so not write, the user's index
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, timeout=20, env=environment, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None
