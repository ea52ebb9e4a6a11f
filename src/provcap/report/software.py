"""The software of a run, for a person: what was really used first, what was merely there behind it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from provcap.model import Environment, Image, Module, Run
from provcap.report.rows import order, tool_text
from provcap.report.wording import counted

ENVIRONMENTS, PACKAGES = 12, 1500  #: described in full; packages of each that are named
#: modules that come with the engine and its plugins: every script imports them, none uses them for its results
_ENGINE = ("snakemake", "provcap")


@dataclass(frozen=True, slots=True)
class Used:
    """A module that scripts imported."""

    name: str
    version: str | None
    rules: tuple[str, ...]
    from_host: bool


@dataclass(frozen=True, slots=True)
class Place:
    """An environment: what was installed where jobs ran."""

    environment: Environment
    title: str
    counts: str
    rules: tuple[str, ...]
    packages: tuple[tuple[str, str], ...]  #: manager, and its packages as one text


@dataclass(frozen=True, slots=True)
class ImageRow:
    """A container image and who ran in it."""

    image: Image
    rules: tuple[str, ...]


def used_modules(run: Run) -> tuple[Used, ...]:
    """What the scripts imported, with versions, by name; the engine's own modules are left out."""
    imports = {found.id: found.modules for found in run.imports}
    rules: dict[str, dict[str, None]] = {}
    for rule, jobs in order(run):
        for name in {job.imports for job in jobs if job.imports}:
            rules.setdefault(name, {})[rule] = None
    place = {rule: number for number, (rule, _) in enumerate(order(run))}
    users: dict[Module, dict[str, None]] = {}
    for name, modules in imports.items():
        for module in modules:
            if module.version and not module.name.startswith(_ENGINE):
                users.setdefault(module, {}).update(rules.get(name, {}))
    merged: dict[tuple[str, str | None], tuple[dict[str, None], bool]] = {}
    for module, of in users.items():
        key = ((module.distribution or module.name).replace("_", "-"), module.version)
        before, host = merged.get(key, ({}, False))
        merged[key] = ({**before, **of}, host or module.from_host)
    ordered = sorted(merged.items(), key=lambda item: (item[0][0].lower(), item[0][1] or ""))
    return tuple(
        Used(name, version, tuple(sorted(of, key=place.__getitem__)), host) for (name, version), (of, host) in ordered
    )


def used_tools(run: Run) -> tuple[str, ...]:
    """Programs that shell commands named, with their packages; interpreters of scripts are not among them."""
    found = (t for job in run.jobs if job.kind == "shell" for t in job.tools)
    return tuple(sorted({tool_text(t.name, t.package, t.version) for t in found}))


def places(run: Run) -> tuple[Place, ...]:
    """The environments with the rules that ran in them."""
    return tuple(_place(run, environment) for environment in run.environments[:ENVIRONMENTS])


def _place(run: Run, environment: Environment) -> Place:
    of = tuple(dict.fromkeys(job.rule for job in run.jobs if job.environment == environment.id))
    count = Counter(package.manager for package in environment.packages)
    words = [counted(number, f"{manager} package") for manager, number in sorted(count.items())]
    packages = []
    for manager in sorted(count, key=lambda m: (m in ("deb", "apk", "rpm"), m)):
        names = [f"{p.name} {p.version}" for p in environment.packages if p.manager == manager]
        more = f", and {len(names) - PACKAGES} more" if len(names) > PACKAGES else ""
        packages.append((manager, ", ".join(names[:PACKAGES]) + more))
    title = environment.os_name or "An unknown operating system"
    return Place(environment, title, ", ".join(words) or "no packages were found", of, tuple(packages))


def image_rows(run: Run) -> tuple[ImageRow, ...]:
    """The images with the rules that ran in them."""
    return tuple(ImageRow(i, tuple(dict.fromkeys(j.rule for j in run.jobs if j.image == i.id))) for i in run.images)
