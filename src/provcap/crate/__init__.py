"""Run → Workflow Run RO-Crate (profiles 0.5 on RO-Crate 1.1, or 0.6 on 1.3), as a directory or a zip."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from provcap import store
from provcap.codec import encode
from provcap.crate import (
    acquisitions,
    actions,
    assemble,
    assessments,
    containers,
    dependence,
    files,
    models,
    qualities,
    readme,
    sink,
    software,
    study,
    workflow,
)
from provcap.crate.draft import Draft, fragment, ref
from provcap.crate.packing import Content, Packing, SourceReader, pack_artifacts, pack_sources
from provcap.crate.people import add_agent
from provcap.crate.places import Places
from provcap.crate.policy import Policy
from provcap.crate.ports import Wiring
from provcap.crate.profile import Profile
from provcap.crate.surroundings import add_hosts, add_images
from provcap.errors import ProvcapError
from provcap.model import Gap, Run
from provcap.questions import external_inputs, final_outputs
from provcap.seal.manifest import BLOCKS, MANIFEST, SIGNATURE

__all__ = ["Policy", "place", "write"]

STANDARD = Policy()
LOG = "provenance/snakemake.log"  #: Snakemake's own log of the run, in the crate


def write(
    run: Run,
    workdir: Path | None,
    target: Path,
    extras: Mapping[str, bytes],
    policy: Policy = STANDARD,
    sources: SourceReader | None = None,
) -> tuple[Gap, ...]:
    """Pack `run` into a crate at `target`, a zip file when its name ends so; returns the gaps found while packing.

    `workdir` has the files of the run (None: describe them only). `extras` are more files, by path in the crate; one
    called ``ro-crate-preview.html`` is its page for people.
    `sources` gives the text of a workflow file as it was run, or None. Writing twice gives the same bytes twice.

    Raises TargetExists before anything is done, and ProvcapError when a file changes while it is copied.
    """
    store.refuse_existing(target)
    packing = _pack(run, workdir, extras, policy, sources)
    data = _describe(run, packing, extras, policy.profile)
    packing.put(assemble.METADATA, data)
    if assemble.PREVIEW in extras:
        packing.put(assemble.PREVIEW, extras[assemble.PREVIEW])
    sink.write_all(target, packing.contents, packing.folders, run.ended or run.started)
    return tuple(packing.gaps)


def place(root: Path, target: Path, run: Run) -> None:
    """Move the crate of `run` in the directory `root` to `target`, as `write` would have written it there."""
    if not sink.is_zip(target):
        with contextlib.suppress(OSError):
            target.rmdir()  # an empty directory may be written to
        root.rename(target)
        return
    contents: dict[str, Content] = {}
    folders: set[str] = set()
    for folder, below, names in os.walk(root):
        here = Path(folder).relative_to(root)
        folders |= {(here / name).as_posix() for name in below}
        for name in names:
            path = Path(folder, name)
            contents[(here / name).as_posix()] = Content(path=path, executable=bool(path.stat().st_mode & 0o100))
    for own in (MANIFEST, BLOCKS):
        contents.pop(own, None)
    sink.write_all(target, contents, folders, run.ended or run.started)


def _pack(
    run: Run, workdir: Path | None, extras: Mapping[str, bytes], policy: Policy, read: SourceReader | None
) -> Packing:
    """Everything that the crate will carry besides metadata and README."""
    packing = Packing(Places())
    own = (assemble.METADATA, assemble.PREVIEW, assemble.README, assemble.GAPS, LOG, MANIFEST, SIGNATURE, BLOCKS)
    for place in (*own, *sorted(set(extras) - {assemble.PREVIEW})):
        if packing.places.take(place) != place:
            raise ProvcapError(
                "bad-extra", f"{place} cannot be added to the crate: the name is taken or leads out of it"
            )
    pack_sources(run, packing, read)
    pack_artifacts(run, packing, workdir, policy)
    containers.pack_images(run, packing, policy)
    if run.log and workdir is not None:
        _pack_log(run.log, packing, policy.moved.get(run.log, workdir / run.log))
    return packing


def _pack_log(log: str, packing: Packing, path: Path) -> None:
    try:
        data = path.read_bytes() if path.is_file() and not path.is_symlink() else None
    except OSError:
        data = None
    if data is None:
        packing.gaps.append(Gap("log-vanished", f"file:{log}", "Snakemake's own log is not there any more"))
    else:
        packing.put(LOG, data)


def _describe(run: Run, packing: Packing, extras: Mapping[str, bytes], profile: Profile) -> bytes:
    """The metadata; adds the files that provcap itself writes to `packing` on the way."""
    draft = Draft()
    main = workflow.add_sources(draft, run, packing)
    workflow.add_steps(draft, run, packing, main)
    files.add_items(draft, run, packing)
    acquisitions.add_acquisitions(draft, run, packing, extras)
    models.add_models(draft, run, packing, extras)
    qualities.add_qualities(draft, run, packing)
    dependence.add_dependences(draft, run, packing, main)
    said = study.add_study(draft, run, packing, extras)
    tools = {rule: draft.entities[fragment("step", rule)]["workExample"]["@id"] for rule in workflow.steps(run)}
    images = add_images(draft, run)
    containers.describe_images(draft, run, packing)
    scene = actions.Scene(run, packing, main, tools, images, add_hosts(draft, run), add_agent(draft, run))
    software.add_environments(draft, run, packing, tools, images)
    engine = software.add_engine(draft, run)
    draft.link(main, "softwareRequirements", engine)
    _add_actions(draft, scene, engine)
    others = {place: data for place, data in extras.items() if place != assemble.PREVIEW}
    files.add_extras(draft, packing, others, actions.RUN_ID)
    _add_own_files(draft, run, packing)
    files.add_digests(draft, packing)
    if assemble.PREVIEW in extras:
        assemble.add_preview(draft)
    root = assemble.add_root(draft, run, main, len(run.gaps) + len(packing.gaps), profile)
    root |= {"about": ref(said)} if said else {}
    profile.adapt(draft, root, run)
    return assemble.metadata(draft, root, set(packing.contents), packing.folders, profile)


def _add_actions(draft: Draft, scene: actions.Scene, engine: str) -> None:
    run, packing = scene.run, scene.packing
    final = [a for a in final_outputs(run) if a.kind != "missing"]
    external = [a for a in external_inputs(run) if a.kind != "missing"]
    wiring = Wiring(draft, run, packing, scene.workflow)
    wiring.wire({a.path for a in final})
    actions.add_jobs(draft, scene, wiring)
    models.add_loads(draft, run, packing)
    wiring.settle_types()
    for job in run.jobs:
        if actions.has_action(run, job):  # a tool that no action ran must not be listed (REQUIRED 3.2)
            draft.link(scene.workflow, "hasPart", scene.tools[job.rule])
    actions.add_run(draft, scene, map(packing.id_of, external), map(packing.id_of, final))
    actions.add_orchestration(draft, scene, engine)
    assessments.add_assessments(draft, run, packing)


def _add_own_files(draft: Draft, run: Run, packing: Packing) -> None:
    """README, gaps and Snakemake's log."""
    gaps = [*run.gaps, *packing.gaps]
    text = json.dumps({"format": "provcap.gaps/1", "gaps": encode(gaps)}, indent=1, ensure_ascii=False) + "\n"
    told = text.encode("utf-8", "backslashreplace")  # as JSON writes what is not UTF-8
    own = [
        (assemble.GAPS, told, "What provcap does not know of this run", "application/json", actions.RUN_ID),
        (assemble.README, readme.compose(run, packing, gaps), "What this is and how to use it", "text/markdown", "./"),
    ]
    if LOG in packing.contents:
        own.append((LOG, packing.contents[LOG].data, "What Snakemake logged", "text/plain", actions.RUN_ID))
    for place, data, description, encoding, about in own:
        properties = {"description": description, "encodingFormat": encoding, "about": ref(about)}
        draft.add(packing.put(place, data), "File", name=place.rsplit("/", 1)[-1], **properties)
