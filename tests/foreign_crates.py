"""Crates in the shapes of engines that are not here: nf-prov, Galaxy, and a process without a workflow."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

SORTED = b"PEAR\nFIG\nAPPLE\n"
DONE = "http://schema.org/CompletedActionStatus"


def write(folder: Path, /, *entities: dict[str, Any], main: str | None = None, **files: bytes) -> Path:
    """A crate in `folder` with `entities`; of each of `files` (``__`` stands for a slash) the content."""
    folder.mkdir(parents=True)
    root: dict[str, Any] = {"@id": "./", "@type": "Dataset", "name": "Fruit", "license": "CC0-1.0"}
    if main:
        root["mainEntity"] = {"@id": main}
    about = {"@id": "ro-crate-metadata.json", "@type": "CreativeWork", "about": {"@id": "./"}}
    graph = [about, root, *entities]
    document = {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph}
    (folder / "ro-crate-metadata.json").write_text(json.dumps(document))
    for name, content in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def refs(*names: str) -> list[dict[str, str]]:
    """References to entities."""
    return [{"@id": name} for name in names]


def entity(name: str, kind: str | list[str], /, **properties: Any) -> dict[str, Any]:
    """An entity."""
    return {"@id": name, "@type": kind, **properties}


def nextflow(folder: Path, content: bytes = SORTED) -> Path:
    """As nf-prov writes: what tasks make is a CreativeWork, and a file when it is published."""
    upper, sort, failed = "#task/5d1f", "#task/77ab", "#task/9c00"
    return write(
        folder,
        entity("main.nf", ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"], name="fruit"),
        entity("main.nf#software-application", "SoftwareApplication", name="Nextflow 25.04.6"),
        entity("#module/UPPER", "SoftwareApplication", name="UPPER"),
        entity("#module/SORT", "SoftwareApplication", name="SORT", description="Lines are put in order"),
        entity(
            "main.nf#organize",
            "OrganizeAction",
            instrument={"@id": "main.nf#software-application"},
            result={"@id": "#6a2f"},
            startTime="2025-05-01T10:00:00.5+02:00",
            endTime="2025-05-01T10:01:00+02:00",
        ),
        entity(
            "#6a2f",
            "CreateAction",
            instrument={"@id": "main.nf"},
            object=[*refs("#param/reverse/value", "fruit.txt")],
            result=refs("results/sorted.txt"),
            startTime="2025-05-01T10:00:00.5+02:00",
            endTime="2025-05-01T10:01:00+02:00",
            agent={"@id": "https://orcid.org/0000-0002-1825-0097"},
        ),
        entity("https://orcid.org/0000-0002-1825-0097", "Person", name="Josiah Carberry"),
        entity("#param/reverse/value", "PropertyValue", name="reverse", value=True),
        entity(upper, "CreateAction", name="UPPER (1)", instrument={"@id": "#module/UPPER"}, actionStatus=DONE)
        | {"object": refs("fruit.txt"), "result": refs(f"{upper}/upper.txt")},
        entity(sort, "CreateAction", name="SORT (1)", instrument={"@id": "#module/SORT"}, actionStatus=DONE)
        | {"object": refs(f"{upper}/upper.txt"), "result": refs(f"{sort}/sorted.txt")},
        entity(failed, "CreateAction", name="SORT (2)", instrument={"@id": "#module/SORT"}, error="disk full\n")
        | {"actionStatus": "http://schema.org/FailedActionStatus", "object": refs(f"{upper}/upper.txt"), "result": []},
        entity("#publish/77ab/sorted.txt", "CreateAction", name="publish", actionStatus=DONE)
        | {"instrument": {"@id": "main.nf#software-application"}}
        | {"object": {"@id": f"{sort}/sorted.txt"}, "result": {"@id": "results/sorted.txt"}},
        entity(f"{upper}/upper.txt", "CreativeWork", name="upper.txt"),
        entity(f"{sort}/sorted.txt", "CreativeWork", name="sorted.txt"),
        entity("fruit.txt", "File", name="fruit.txt", encodingFormat="text/plain"),
        entity("results/sorted.txt", "File", name="sorted.txt"),
        main="main.nf",
        **{"fruit.txt": b"pear\napple\nfig\n", "results/sorted.txt": content},
    )


def galaxy(folder: Path) -> Path:
    """As Galaxy writes: one action for the whole invocation, and collections of files."""
    return write(
        folder,
        entity("workflows/fruit.gxwf.yml", ["File", "SoftwareSourceCode", "ComputationalWorkflow"], name="Fruit"),
        entity("#engine", "SoftwareApplication", name="Galaxy workflow engine"),
        entity("#engine-run", "OrganizeAction", instrument={"@id": "#engine"}, startTime="2025-01-02T03:04:05.678"),
        entity("#invocation", "CreateAction", name="Fruit", instrument={"@id": "workflows/fruit.gxwf.yml"})
        | {"startTime": "2025-01-02T03:04:05.678", "endTime": "2025-01-02T03:05:00.000"}
        | {"object": refs("#collection", "reverse-pv"), "result": refs("datasets/Sorted_1.txt")},
        entity("#collection", "Collection", hasPart=refs("datasets/pear.txt", "datasets/fig.txt", "#collection")),
        entity("datasets/pear.txt", "File", name="pear"),
        entity("datasets/fig.txt", "File", name="fig", encodingFormat="text/plain"),
        entity("datasets/Sorted_1.txt", "File", name="Sorted"),
        entity("reverse-pv", "PropertyValue", name="reverse", value="true"),
        main="workflows/fruit.gxwf.yml",
        **{"datasets/Sorted_1.txt": SORTED},
    )


def process(folder: Path) -> Path:
    """A Process Run Crate: an action, a tool with a version, a checksum; no workflow."""
    return write(
        folder,
        entity("https://www.gnu.org/software/coreutils/", "SoftwareApplication", name="sort", softwareVersion="9.1"),
        entity(
            "#sorting", "CreateAction", name="Sorting", instrument={"@id": "https://www.gnu.org/software/coreutils/"}
        )
        | {"object": {"@id": "upper%20case.txt"}, "result": {"@id": "sorted.txt"}, "endTime": "2025-02-03T04:05:06Z"}
        | {"agent": {"@id": "#me"}, "containerImage": {"@id": "#image"}, "exitCode": 0},
        entity("#me", "Person", name="Josiah Carberry"),
        entity("#image", "ContainerImage", registry="docker.io", name="library/debian", tag="12"),
        entity("upper%20case.txt", "File", contentSize="15"),
        entity("sorted.txt", "File", contentSize=15, sha256=hashlib.sha256(SORTED).hexdigest()),
        **{"sorted.txt": SORTED, "upper case.txt": b"PEAR\nAPPLE\nFIG\n"},
    )
