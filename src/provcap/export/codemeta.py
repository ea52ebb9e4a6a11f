"""The workflow in CodeMeta 3.0 (https://w3id.org/codemeta/3.0): what is known of the program that was run.

Licence and authors of the workflow are not recorded - those of the run need not be its own - so they are left out.
"""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from provcap.model import Package, Run
from provcap.purl import purl


def codemeta(run: Run) -> bytes:
    """The text of a codemeta.json."""
    flow = run.workflow
    known = next((s for s in flow.sources if s.path == flow.snakefile), None)
    found: dict[str, Any] = {
        "@context": "https://w3id.org/codemeta/3.0",
        "@type": "SoftwareSourceCode",
        "name": _name(run),
        "identifier": known.digest if known else None,
        "codeRepository": flow.repository,
        "version": flow.commit and flow.commit + ("-dirty" if flow.dirty else ""),
        "programmingLanguage": {
            "@type": "ComputerLanguage",
            "name": "Snakemake",
            "url": "https://snakemake.github.io/",
        },
        "runtimePlatform": f"Snakemake {run.snakemake_version}" if run.snakemake_version else None,
        "operatingSystem": sorted({e.os_name for e in run.environments if e.os_name}),
        "softwareRequirements": _requirements(run),
        "hasPart": [
            {"@type": "SoftwareSourceCode", "name": s.path, "identifier": s.digest}
            for s in flow.sources
            if s.role in ("include", "script")
        ],
    }
    plain = {name: value for name, value in found.items() if value}
    return (json.dumps(plain, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def _name(run: Run) -> str:
    repository = urlsplit(run.workflow.repository or "").path.rstrip("/").removesuffix(".git").rsplit("/", 1)[-1]
    return repository or PurePosixPath(run.workflow.snakefile).name


def _requirements(run: Run) -> list[dict[str, str]]:
    """Snakemake, and the packages that jobs were seen to import from their environments."""
    modules = {imports.id: imports.modules for imports in run.imports}
    environments = {environment.id: environment for environment in run.environments}
    wanted: dict[str, set[str]] = {}
    for job in run.jobs:
        names = {_plain(m.distribution or m.name) for m in modules.get(job.imports or "", ()) if not m.from_host}
        wanted.setdefault(job.environment or "", set()).update(names)
    found = {}
    for key, names in wanted.items():
        for package in environments[key].packages if key in environments else ():
            if _plain(package.name) in names:
                found[purl(package, environments[key])] = package
    if run.snakemake_version:
        engine = Package("snakemake", run.snakemake_version, "pypi")
        found[purl(engine)] = engine
    return [
        {"@type": "SoftwareApplication", "name": p.name, "version": p.version, "identifier": address}
        for address, p in sorted(found.items())
    ]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
