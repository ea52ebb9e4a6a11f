"""What a recorded run adds to the description of its crate: related works, software, and how to check and rerun it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from provcap.crate.surroundings import parse_reference
from provcap.deposit.description import Related
from provcap.deposit.parts import amount
from provcap.deposit.told import line, relation
from provcap.deposit.zipping import files_of
from provcap.importing.naming import Entities, has_type
from provcap.model import Run
from provcap.questions import external_inputs
from provcap.report.citations import works
from provcap.report.software import used_modules, used_tools
from provcap.report.wording import counted

_MOST: Final = 200


def related(run: Run) -> Iterator[Related]:
    """The workflow and its commit, inputs that were fetched, images with a page, papers of the software."""
    flow = run.workflow
    if flow.repository and flow.repository.startswith("http"):
        base = flow.repository.removesuffix("/").removesuffix(".git")
        there = flow.commit and re.match(r"https?://(?:www\.)?(?:github\.com|gitlab\.)", base)
        yield from _some(relation(f"{base}/tree/{flow.commit}" if there else base, "IsCompiledBy", "Software"))
    if flow.commit and re.fullmatch(r"[0-9a-f]{40}", flow.commit) and flow.dirty is False:
        yield Related(f"swh:1:rev:{flow.commit}", "swh", "IsCompiledBy", "Software")
    for artifact in external_inputs(run):
        yield from _some(relation(artifact.query, "IsDerivedFrom", "Dataset"))
    for image in run.images[:_MOST]:
        yield from _some(relation(page_of(image.reference), "Requires", "Software"))
    engines = ["snakemake"] * (run.snakemake_version is not None) + ["apptainer"] * any(
        i.kind == "sif" for i in run.images
    )
    for work in works([*engines, *(used.name for used in used_modules(run))]):
        yield from _some(relation(work.rpartition("doi:")[2], "References", "JournalArticle"))


def _some(found: Related | None) -> Iterator[Related]:
    if found is not None:
        yield found


def page_of(reference: str) -> str | None:
    """Where a person finds the image `reference` on the web; None for one that lies on a disk."""
    if reference.startswith(("http://", "https://")):
        return reference
    registry, name, _ = parse_reference(reference)
    if registry == "localhost" or "." not in registry or reference.startswith("file:"):
        return None
    if registry == "docker.io":
        if not reference.startswith("docker://"):  # without a scheme, it may as well be an image of this machine alone
            return None
        return f"https://hub.docker.com/r/{name}" if "/" in name else f"https://hub.docker.com/_/{name}"
    return f"https://{registry}/{name}" if registry in ("ghcr.io", "quay.io") else None


def software(run: Run | None, entities: Entities) -> tuple[str, ...]:
    """Names with versions: what scripts and commands of the run used, or else the applications that the crate names."""
    found: list[str | None] = []
    if run is not None and run.provcap_version:
        found.append(f"Snakemake {run.snakemake_version}" if run.snakemake_version else None)
        found += [f"{used.name} {used.version}" for used in used_modules(run) if used.version]
        found += [line(tool, 200) for tool in used_tools(run)]
        found.append(f"provcap {run.provcap_version}")
    else:
        for entity in entities.values():
            version = line(entity.get("softwareVersion") or entity.get("version"), 80)
            name = line(entity.get("name"), 150)
            if has_type(entity, {"SoftwareApplication", "ComputerLanguage"}) and name and version:
                found.append(name if version in name else f"{name} {version}")
    return tuple(dict.fromkeys(text for text in found if text))[:_MOST]


def technical(root: Path, entities: Entities, run: Run | None, ours: bool) -> str:
    """What is in the crate, and how to check and rerun it."""
    files = files_of(root)
    claims = entities.get("./", {}).get("conformsTo")
    names = [entities.get(c.get("@id", ""), {}).get("name") for c in _list(claims) if isinstance(c, dict)]
    profiles = [text for text in (line(name, 100) for name in names) if text]
    said = [
        f"This is an RO-Crate of {counted(len(files), 'file')} ({amount(sum(files.values()))}); "
        "ro-crate-metadata.json describes them" + (f", after {', '.join(profiles)}." if profiles else ".")
    ]
    if "ro-crate-preview.html" in files:
        said.append("ro-crate-preview.html is a page to read, in any browser.")
    if ours:
        said.append(
            "With provcap: `provcap check CRATE` says whether it is whole and unchanged, `provcap show CRATE` what"
        )
        said.append("ran, `provcap rerun CRATE` runs it again and says how close the results are.")
    elif run is not None:
        said.append("`provcap check CRATE` says whether it is a valid Workflow Run RO-Crate.")
    if "manifest-sha256.txt" in files:
        said.append("Without: `sha256sum -c manifest-sha256.txt` in the unpacked crate.")
    for origin in run.origins[:5] if run is not None else ():
        said.append(f"The run repeats the run {origin.run}, whose record has the digest {origin.record}.")
    return " ".join(said)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]
