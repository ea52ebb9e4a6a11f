"""What attempts share: environments, images, machines, imported modules; those of the run, and of earlier ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from provcap import codec
from provcap.model import Run

#: the parts of a run that attempts share, and what an attempt calls its own
_SHARED: Final = {"environments": "environment", "images": "image", "hardware": "hardware", "imports": "imports"}


def image_id(record: dict[str, Any]) -> str:
    """What a record's image is called in the run."""
    image = record["image"]
    return str(image.get("digest") or record.get("container") or image.get("path") or image["reference"])


def images(records: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The images that attempts ran in, as plain values, by id."""
    found: dict[str, dict[str, Any]] = {}
    for record in records.values():
        if "image" in record:
            name = image_id(record)
            reference = record.get("container") or record["image"].get("path")
            found[name] = {"id": name, "reference": reference, **record["image"]}
        elif record.get("container") and record["event"] == "end":
            found.setdefault(record["container"], {"id": record["container"], "reference": record["container"]})
    return [found[name] for name in sorted(found)]


def imports(records: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The sets of modules that processes imported, as plain values, by id."""
    found = {codec.short_id(r["imports"]): r["imports"] for r in records.values() if "imports" in r}
    return [{"id": name, **found[name]} for name in sorted(found)]


def machines(records: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The machines that attempts ran on, as plain values, by id."""
    found = {r["machine"]["id"]: r["machine"] for r in records.values() if "machine" in r}
    return [found[name] for name in sorted(found)]


def with_earlier(run: Run, read: Callable[[str], Run | None]) -> Run:
    """`run` with the environments, images, machines and imports of the earlier attempts that are taken over in it.

    `read` gives the run with an id, or None when it cannot be read.
    """
    earlier = [found for name in sorted({j.run for j in run.jobs} - {run.id}) if (found := read(name))]
    more: dict[str, Any] = {}
    for part, of_job in _SHARED.items():
        wanted = {getattr(job, of_job) for job in run.jobs} - {item.id for item in getattr(run, part)}
        taken = {item.id: item for other in earlier for item in getattr(other, part) if item.id in wanted}
        if taken:
            more[part] = tuple(sorted((*getattr(run, part), *taken.values()), key=lambda item: item.id))
    return replace(run, **more)
