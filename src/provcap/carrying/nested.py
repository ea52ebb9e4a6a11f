"""The RO-Crate in the root of an OME-Zarr: what the image is, and what made it (RO-Crate 1.1).

As the NGFF challenge of 2024 put them there (https://github.com/ome/ome2024-ngff-challenge). The chunks are not listed.
"""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Any

from provcap.crate import people
from provcap.crate import profile_0_5 as profile
from provcap.crate.draft import Draft, fragment, ref
from provcap.embed import FORMAT, commit
from provcap.model import Run


def crate(run: Run, told: dict[str, Any]) -> bytes:
    """The text of its ``ro-crate-metadata.json``; `told` is the annotation."""
    draft, job, workflow = Draft(), told["job"], told["workflow"]
    for name, term in (("recorded", "recordedDigest"), ("pixels", "pixelDigest")):
        term = profile.OWN + term
        draft.add(fragment("digest", name), "PropertyValue", name=f"{name} digest", value=told[name], propertyID=term)
    version = commit(workflow)
    where = {"url": workflow.get("repository")} if str(workflow.get("repository", "")).startswith("http") else {}
    rule = draft.add(fragment("rule", job["rule"]), "SoftwareApplication", name=job["rule"], version=version, **where)
    for number, one in enumerate(told.get("software", ())):
        named = {name: one.get(name) for name in ("name", "version")}
        part = draft.add(fragment("software", str(number)), "SoftwareApplication", **named)
        draft.link(rule, "softwareRequirements", part)
    for name, value in sorted(job.get("params", {}).items()):
        text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
        param = draft.add(fragment("param", name), "PropertyValue", name=name, value=text)
        draft.entities.setdefault("#made", {"@type": ["CreateAction"]}).setdefault("object", set()).add(param)
    draft.add(
        "#made", "CreateAction", name=f"Job {job['id']} of run {job.get('run', told['run'])}",
        instrument=ref(rule), result=ref("./"),
        description=f"Rule {job['rule']} of {workflow.get('snakefile')} made this image",
        startTime=job.get("started"), endTime=job.get("ended"),
    )  # fmt: skip
    _root(draft, run, told)
    draft.add(
        "ro-crate-metadata.json", "CreativeWork", about=ref("./"), conformsTo=ref("https://w3id.org/ro/crate/1.1"),
        description=f"Written by provcap, {FORMAT}",
    )  # fmt: skip
    graph = [{"@id": identifier, **_single(properties)} for identifier, properties in draft.frozen()]
    document = {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph}
    return json.dumps(document, indent=1, sort_keys=True).encode("ascii") + b"\n"


def _single(properties: dict[str, Any]) -> dict[str, Any]:
    kinds = properties["@type"]
    return {**properties, "@type": kinds[0] if isinstance(kinds, list) and len(kinds) == 1 else kinds}


def _root(draft: Draft, run: Run, told: dict[str, Any]) -> None:
    about = run.about
    authors = people.add_authors(draft, run) if about.authors else []  # an account is no author
    found = told.get("identifier")
    title = f" ({about.title})" if about.title else ""
    draft.add(
        "./", "Dataset", name=PurePosixPath(told["file"]).name,
        description=f"Image {told['file']} made by run {told['job'].get('run', told['run'])}{title}",
        datePublished=told["job"].get("ended") or run.ended or run.started,
        license=ref(people.add_licence(draft, run)),
        author=[ref(person) for person in authors],
        publisher=ref(people.add_organization(draft, about.publisher)) if about.publisher else None,
        identifier={fragment("digest", "recorded"), fragment("digest", "pixels")},
        mentions=ref("#made"),
        isPartOf=ref(draft.add(found, "CreativeWork", name="The crate of the run", url=found)) if found else None,
    )  # fmt: skip
