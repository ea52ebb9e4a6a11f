"""What a job's Python and R processes told when they ended: modules, native libraries, seeds and entropy, files.

Each process wrote one file beside what its shell told (see probe/python and probe/R). They come out of the job, so
nothing in them is believed without a look: sizes, types and lengths are limited.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from provcap import regular
from provcap.capture import fence, libraries, loaded, rewind

MAX_FILES = 500  #: processes of a job; more are removed unread
MAX_BYTES = 8 << 20  #: of one file
MAX_TEXT = 4000  #: of one value; a state of `random` takes 3400
MAX_ITEMS = 5000  #: in one list
_SEED = re.compile(r"(?:^|[_.-])(?:seeds?|random_?state|rng)$", re.IGNORECASE)
#: a script in a container has these from the host by Snakemake's own doing: they carry the `snakemake` object
_SNAKEMAKE = re.compile(r"snakemake(_|$)")
_SHADOW = re.compile(r"^\.snakemake/shadow/[^/]+/")


#: <shell>.py.<start>-<pid> and the same of R; what was given back; <job>.claim.<number>
_TOLD = re.compile(r"(.+?)(?:\.(py|R)\.(\d+)-(\d+)|(?:\.R)?\.replay|(?<=\.claim)\.\d+)")


@dataclass
class _Process:
    """What one interpreter process told."""

    language: str = "Python"
    pid: int = 0
    parent: int = 0
    forks: int = 0
    ended: bool = False  #: whether it told all, or only wrote down draws before it was ended
    draws: list[dict[str, Any]] = field(default_factory=list)
    modules: list[list[Any]] = field(default_factory=list)
    libraries: list[list[Any]] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    loads: list[dict[str, Any]] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)


def read(
    shells: Sequence[Path],
    facts: dict[str, Any],
    variables: dict[str, str],
    subject: str,
    tools: Iterable[str] = (),
    forbidden: Callable[[str], str] = lambda _: "",
) -> dict[str, Any]:
    """Read and remove what a job's processes told: ``imports``, ``randomness``, ``loads``, ``opened`` and ``gaps``.

    `shells` are the files that the job's shells told, in their order; `facts` those of the job; `variables` what its
    shells had set; `subject` is whom the gaps are about; `tools` are the programs that its commands name; `forbidden`
    says why the file at a place may not be hashed, or nothing.
    Paths in ``opened`` are relative to the work directory, and no input, output, log or script of the job.
    Raises OSError when a directory cannot be read.
    """
    processes = _processes(shells)
    draws = declared(facts, variables)
    for number, process in enumerate(processes):
        for order, draw in enumerate(process.draws):
            draws.append({**draw, "process": number, "order": order})
    found: dict[str, Any] = {"randomness": draws, "gaps": list(_gaps(processes, draws, facts, subject))}
    if "Rscript" in tools and not any(process.language == "R" for process in processes):
        message = "its command names Rscript, and no R process told what it imported and drew"
        found["gaps"].append({"slug": "interpreter-unseen", "subject": subject, "message": message})
    native = (entry for process in processes for entry in process.libraries)
    imports = {"modules": _modules(processes), "libraries": libraries.told(native, not facts.get("container"))}
    if any(imports.values()):
        found["imports"] = imports
    loads = loaded.once(load for process in processes for load in process.loads)
    if shells:
        workdir = shells[0].parents[4]
        paths = {p for process in processes for p in process.opened} | loaded.files(loads, workdir)
        found["opened"] = undeclared(sorted(paths), facts, workdir)
        found["loads"] = loaded.digested(loads, workdir, forbidden)
        found["gaps"] += loaded.gaps(found["loads"], subject)
    return found


def declared(facts: dict[str, Any], variables: dict[str, str]) -> list[dict[str, Any]]:
    """The seeds that the rule's params, the configuration and the environment declare, as Draws."""
    found = []
    for place in ("params", "config"):
        for name, value in _leaves(facts.get(place) or {}, place):
            if _SEED.search(name):
                found.append({"source": place, "kind": "declared", "value": str(value)[:MAX_TEXT], "where": name})
    here = os.environ if facts.get("kind") == "run" else {}  # its code runs in this very process
    fixed = variables.get("PYTHONHASHSEED") or here.get("PYTHONHASHSEED")
    if fixed:
        kind = "unseeded" if fixed == "random" else "declared"
        found.append({"source": "PYTHONHASHSEED", "kind": kind, "value": fixed, "where": "environment"})
    return found


def _leaves(value: Any, name: str) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}.{key}")
    elif value is not None:
        yield name, value


def undeclared(paths: Iterable[str], facts: dict[str, Any], workdir: Path) -> list[str]:
    """Those of `paths` that the job's rule does not name: data, not Python code, and nothing of Snakemake's."""
    uses = [use["path"] for role in ("inputs", "outputs", "logs") for use in facts.get(role, ())]
    known = {os.path.relpath(os.path.join(workdir, p), workdir) for p in uses}
    for key in ("script", "benchmark"):
        if facts.get(key) and "://" not in facts[key]:
            known.add(os.path.relpath(os.path.join(workdir, facts[key]), workdir))
    found = set()
    for path in paths:
        path = _SHADOW.sub("", path)
        parts = path.split("/")
        inside = {"/".join(parts[:n]) for n in range(1, len(parts) + 1)} & known
        if not inside and parts[0] not in (".snakemake", ".provcap") and not path.endswith((".py", ".ipynb")):
            found.add(path)
    return sorted(found)


def _gaps(
    processes: list[_Process], draws: list[dict[str, Any]], facts: dict[str, Any], subject: str
) -> Iterable[dict[str, str]]:
    def gap(slug: str, message: str) -> dict[str, str]:
        return {"slug": slug, "subject": subject, "message": message}

    unseeded = sorted(
        {f"{d['source']} ({d.get('where') or 'unknown place'})" for d in draws if d["kind"] == "unseeded"}
    )
    if unseeded:
        more = f" and {len(unseeded) - 8} more" if len(unseeded) > 8 else ""
        yield gap("unseeded-randomness", f"nobody seeded {', '.join(unseeded[:8])}{more}")
    foreign = sorted({m[0] for p in processes for m in p.modules if m[3] and not _SNAKEMAKE.match(m[0])})
    if foreign:
        yield gap("modules-from-host", f"not in the container, taken from the host: {', '.join(foreign[:20])}")
    unseen = sorted({text for process in processes for text in process.unseen})
    lost = sum(_silent_children(process, processes) for process in processes)
    if lost:
        unseen.append(f"{lost} forked processes were ended before they could tell")
    if unseen:
        yield gap("randomness-unseen", "; ".join(unseen[:20]))
    language = {".py": "Python", ".r": "R"}.get(os.path.splitext(facts.get("script") or "")[1].lower())
    if language and not any(p.language == language for p in processes):
        yield gap("interpreter-unseen", f"its {language} process told nothing of what it imported and drew")


def _silent_children(process: _Process, processes: list[_Process]) -> int:
    heard = sum(1 for p in processes if p.ended and p.parent == process.pid)
    return max(0, process.forks - heard) if process.ended else 0


def _processes(shells: Sequence[Path]) -> list[_Process]:
    """What the interpreters below the job's shells told, in the order of their start. The files are removed."""
    found: list[tuple[int, _Process]] = []
    folder = shells[0].parent if shells else None
    try:
        names = os.listdir(folder) if folder else []
    except FileNotFoundError:
        names = []  # the shells were unseen, and say so
    mine = {shell.name for shell in shells}
    mine |= {name.rpartition(".")[0] + ".claim" for name in mine}
    for name in names:
        match = _TOLD.fullmatch(name)
        if match is None or match[1] not in mine or folder is None:
            continue
        path = folder / name
        if match[2] and len(found) < MAX_FILES:
            reader = _read_python if match[2] == "py" else _read_r
            process = fence.attempt(functools.partial(_read, reader, path, int(match[4])), None)
            if process is not None:
                found.append((int(match[3]), process))
        with contextlib.suppress(OSError):
            path.unlink()
    return [process for _, process in sorted(found, key=lambda pair: pair[0])]


def _read(reader: Callable[[bytes, int], _Process], path: Path, pid: int) -> _Process:
    return reader(regular.read(path, MAX_BYTES), pid)


def _text(value: Any) -> str | None:
    return value[:MAX_TEXT] if isinstance(value, str) else None


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _list(value: Any, check: Callable[[Any], bool]) -> list[Any]:
    return [item for item in value[:MAX_ITEMS] if check(item)] if isinstance(value, list) else []


def _read_python(content: bytes, pid: int) -> _Process:
    """Lines of JSON: a draw each from a forked process, and at the end an object with all that is left to tell."""
    process = _Process(pid=pid)
    for line in content.split(b"\n"):
        try:
            told = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if not isinstance(told, dict):
            continue
        draws = [told["draw"]] if "draw" in told else told.get("draws")
        for draw in _list(draws, lambda d: isinstance(d, dict) and d.get("kind") in ("seeded", "unseeded")):
            process.draws.append(
                _draw(str(draw.get("source"))[:100], draw["kind"], draw.get("value"), draw.get("where"))
            )
        if "load" in told:
            process.loads += loaded.read([told["load"]])
        if "draw" in told or "load" in told:
            continue
        process.ended = True
        process.parent, process.forks = _number(told.get("parent")), _number(told.get("forks"))
        process.modules = _list(told.get("modules"), lambda m: isinstance(m, list) and len(m) == 4)
        process.libraries = _list(told.get("libraries"), lambda e: isinstance(e, list) and len(e) == 5)
        process.loads = loaded.read(told.get("loads"))  # those that were told at once are among them
        process.opened = _list(told.get("opened"), lambda p: isinstance(p, str) and ".." not in p.split("/"))
        process.unseen = [
            f"{name} could not be watched" for name in _list(told.get("unseen"), lambda n: bool(_text(n)))
        ]
        if _number(told.get("lost")):
            process.unseen.append(f"{told['lost']} seeding calls beyond the first {len(process.draws)}")
        if told.get("crowded"):
            process.unseen.append("too many files were opened to list them all")
    return process


def _draw(source: str, kind: str, value: Any, where: Any) -> dict[str, Any]:
    found = {"source": source, "kind": kind, "value": _text(value), "where": _text(where)}
    return {key: part for key, part in found.items() if part is not None}


def _read_r(content: bytes, pid: int) -> _Process:
    """Lines of words between tabs; see probe/R/provcap/R/provcap."""
    process = _Process("R", pid=pid)
    script = None
    for line in content.decode("utf-8", "replace").splitlines()[:MAX_ITEMS]:
        words = line.split("\t")
        if words[0] == "script":
            script = own_script(words[1]) or None
        elif words[0] == "draw" and words[1] == "seeded":
            process.draws.append(_draw("R", "seeded", words[2], script))
        elif words[0] == "draw":
            state = [int(word) for word in words[2].split()[:700]]
            seed = rewind.seed_of(state)
            process.draws.append(_draw("R", "unseeded", None if seed is None else str(seed), script))
        elif words[0] == "module":
            process.modules.append([words[1], words[2] or None, words[1], words[3].startswith("/mnt/snakemake_")])
        elif words[0] == "library":
            process.libraries.append([words[1], None, None, None, None])
        elif words[0] == "lost":
            process.unseen.append("seeding calls beyond the first 1000")
        process.ended = process.ended or words[0] == "end"
    return process


def own_script(name: str) -> str:
    """The name of a script; of a copy that Snakemake made (tmpXXXXXXXX.name), that of the original."""
    return re.sub(r"^tmp[a-z0-9_]{8}\.", "", name)


def _modules(processes: list[_Process]) -> list[dict[str, Any]]:
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for process in processes:
        for name, version, distribution, from_host in process.modules:
            entry = {"name": _text(name) or "", "version": _text(version), "distribution": _text(distribution)}
            kept = {key: value for key, value in entry.items() if value}
            if "name" in kept:
                found[(name, str(version), bool(from_host))] = kept | ({"from_host": True} if from_host else {})
    return [found[key] for key in sorted(found)]
