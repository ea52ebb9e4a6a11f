"""Differences in software: what the job really used first, then what was merely installed."""

from __future__ import annotations

import posixpath
import re
from typing import TypeVar

from provcap.explain.difference import Difference, Kind, of_mappings, of_values
from provcap.model import Environment, Image, Imports, Job, Run

T = TypeVar("T", Environment, Image, Imports)
MANY = 5  #: native libraries that differ: more are told together
#: whose scripts run in which interpreter, by suffix
_LANGUAGES = {".py": "python", ".ipynb": "python", ".r": "r", ".rmd": "r", ".jl": "julia", ".pl": "perl"}


def software(first: Run, second: Run, a: Job, b: Job) -> list[Difference]:
    """Packages, native libraries, interpreters, tools, operating system, image."""
    left, right = _by_id(first.environments, a.environment), _by_id(second.environments, b.environment)
    x, y = _by_id(first.imports, a.imports), _by_id(second.imports, b.imports)
    packages = _imported(x, y)
    names = {d.name for d in packages}
    rest = [d for d in _installed(left, right) if d.name not in names]
    if (x and y) or (a.tools and b.tools):  # what the job used is known: these are merely there
        rest = _together(rest)
    interpreters = _interpreters(a, b, left, right)
    libraries = _libraries(x, y, {_plain(d.name) for d in packages}, bool(interpreters))
    found = [*packages, *rest, *libraries, *interpreters]
    found += _tools(a, b, {d.name for d in packages})
    if left and right:
        found += of_values("operating system", "distribution", left.os_name, right.os_name)
    return found + _image(first, second, a, b, found)


def _by_id(items: tuple[T, ...], name: str | None) -> T | None:
    return next((item for item in items if item.id == name), None)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.lower())


def _imported(x: Imports | None, y: Imports | None) -> list[Difference]:
    """Packages that both attempts imported in different versions, or only one of them."""
    if x is None or y is None:
        return []
    return of_mappings("package", dict(_versions(x)), dict(_versions(y)))


def _versions(imports: Imports) -> dict[str, str]:
    found: dict[str, str] = {}
    for module in imports.modules:
        found.setdefault(module.distribution or module.name, module.version or "unknown version")
    return found


def _installed(left: Environment | None, right: Environment | None) -> list[Difference]:
    if left is None or right is None or left.id == right.id:
        return []
    sides: list[dict[str, object]] = []
    for environment in (left, right):
        names: dict[str, object] = {}
        for package in environment.packages:
            name = package.name if package.manager == "pypi" else f"{package.name} ({package.manager})"
            names[name] = package.version
        sides.append(names)
    return of_mappings("package", *sides)


def _together(found: list[Difference]) -> list[Difference]:
    if not found:
        return []
    lines = [f"{d.name} {d.first or 'none'} → {d.second or 'none'}" for d in found]
    count = f"{len(found)} {'package' if len(found) == 1 else 'packages'}"
    return [Difference("installed", count, note="installed, and not seen in use", detail="\n".join(["", "", *lines]))]


def _libraries(x: Imports | None, y: Imports | None, packages: set[str], built_in: bool) -> list[Difference]:
    """Native libraries with another content under the same name, but for those of packages that differ anyway.

    `built_in`: the interpreter differs, and with it the modules that it brings.
    """
    if x is None or y is None:
        return []
    left, right = ({posixpath.basename(i.path): i for i in side.libraries if i.digest} for side in (x, y))
    found = []
    for name in sorted(left.keys() & right.keys()):
        folders = {_plain(part.removesuffix(".libs")) for part in left[name].path.split("/")[:-1]}
        explained = folders & packages or (built_in and "lib-dynload" in folders)
        if left[name].digest != right[name].digest and not explained:
            found.append(Difference("library", name, left[name].digest, right[name].digest))
    if len(found) <= MANY:
        return found
    lines = [f"{d.name} {d.first} → {d.second}" for d in found]
    return [Difference("library", f"{len(found)} native libraries", detail="\n".join(["", "", *lines]))]


def _interpreters(a: Job, b: Job, left: Environment | None, right: Environment | None) -> list[Difference]:
    if left is None or right is None:
        return []
    sides = [{i.language: i.version for i in side.interpreters} for side in (left, right)]
    found = of_mappings("interpreter", dict(sides[0]), dict(sides[1]))
    own = {_LANGUAGES.get(posixpath.splitext(job.script or "")[1].lower()) for job in (a, b)} - {None}
    # without a script, one that only one environment has was hardly at work
    return [d for d in found if (d.name.lower() in own if own else d.first and d.second)]


def _tools(a: Job, b: Job, packages: set[str]) -> list[Difference]:
    sides: list[dict[str, object]] = [{t.name: t.version for t in job.tools if t.version} for job in (a, b)]
    owners = {t.name: t.package for job in (a, b) for t in job.tools}
    # a tool whose version nobody knows in one of the runs does not differ, it is unknown
    known = sides[0].keys() & sides[1].keys()
    found = of_mappings("tool", *({k: side[k] for k in known} for side in sides))
    return [d for d in found if owners[d.name] not in packages and f"{owners[d.name]} (deb)" not in packages]


def _image(first: Run, second: Run, a: Job, b: Job, found: list[Difference]) -> list[Difference]:
    """Another image: a cause where none of the differences in software tells what is other in it."""
    x, y = _by_id(first.images, a.image), _by_id(second.images, b.image)
    left, right = (image.digest or image.id if image else None for image in (x, y))
    inner: set[Kind] = {"package", "library", "interpreter", "tool", "operating system"}
    if left == right or any(d.kind in inner for d in found):
        return []
    names = {image.reference.rsplit("/", 1)[-1] for image in (x, y) if image}
    return [Difference("image", " and ".join(sorted(names)), left, right)]
