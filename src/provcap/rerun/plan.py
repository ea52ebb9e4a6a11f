"""What a rerun will do: decided before anything is written, so that it can be told, refused or carried out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from provcap import digest
from provcap.errors import ProvcapError
from provcap.image import inside
from provcap.model import Gap, Origin, Run
from provcap.opening import IN_CRATE, open_run
from provcap.questions import producers
from provcap.rerun import settings
from provcap.rerun.command import Command, carry_over
from provcap.rerun.files import Needed, Shelf, needed
from provcap.rerun.images import Supply, pinned, supplies
from provcap.rerun.layout import Layout, layout
from provcap.told import key_of


@dataclass(slots=True)
class Plan:
    """Everything that is known before the rerun."""

    run: Run  #: the run that is repeated
    root: Path  #: its crate, unpacked
    layout: Layout
    origins: tuple[Origin, ...]
    files: list[Needed]
    images: list[Supply]
    command: Command
    config: dict[str, Any] = field(default_factory=dict)  #: settings that replace those of the configuration files
    variables: dict[str, str | None] = field(default_factory=dict)
    targets: tuple[str, ...] = ()  #: results that were asked for with --only; empty: all
    gaps: list[Gap] = field(default_factory=list)

    @property
    def missing(self) -> list[str]:
        """What nobody has and the rerun cannot do without."""
        found = [
            f"the {'file' if not f.tree else 'directory'} {f.path}" for f in self.files if f.vital and not f.origin
        ]
        return found + [f"the image {s.image.reference}" for s in self.images if s.way is None]

    @property
    def snakefile(self) -> Path:
        """The main Snakefile in its new place."""
        return next(
            self.layout.place(s.place) for s in self.run.workflow.sources if s.path == self.run.workflow.snakefile
        )

    def jobs(self) -> dict[str, int]:
        """How many jobs of which rule the rerun will run: its directory is empty, so what was up to date or came from
        a cache is made anew, as far as the targets need it."""
        wanted = _leading_to(self.run, self.targets) if self.targets else {job.id for job in self.run.jobs}
        jobs = dict.fromkeys(key_of(job.rule, job.wildcards) for job in self.run.jobs if job.id in wanted)
        return dict(Counter(rule for rule, _ in jobs))


def _leading_to(run: Run, targets: Iterable[str]) -> set[str]:
    """The ids of the jobs, to whatever end they came, that lead to the files `targets`."""
    made = {artifact.path: job for job in run.jobs for artifact in job.made}
    queue, found = list(targets), set[str]()
    for path in queue:
        job = made.get(path)
        if job and job.id not in found:
            found.add(job.id)
            queue += [artifact.path for artifact in job.read]
    return found


def plan(root: Path, into: Path, only: Sequence[str] = (), folders: Sequence[Path] = ()) -> Plan:
    """How the run in the unpacked crate at `root` can be repeated in the directory `into`.

    `only`: rules or files to which the rerun is confined. `folders` are searched for what the crate lacks, by digest.
    Raises ProvcapError when the crate has no run of provcap's, or one that cannot be repeated.
    """
    root = root.absolute()  # a relative name would be looked for below itself
    run = open_run(str(root), root).run
    if not any(s.path == run.workflow.snakefile for s in run.workflow.sources):
        raise ProvcapError("no-workflow", "the crate does not hold the Snakefile that was run", "ask for the workflow")
    place = layout(run, into)
    shelf = Shelf(root, folders)
    files, images = needed(run, place, shelf), supplies(run, place, shelf)
    known = settings.paths(run, place, files, [s.image.path for s in images if s.image.path])
    configs = settings.read_configs(run, files)
    config = settings.overrides(configs, lambda _, v: known.mapped(v) if isinstance(v, str) else v)
    command = carry_over(run, place, known.mapped, settings.read_configs(run, files, "profile"))
    _refuse_outputs_elsewhere(run, place, config, command)
    origin = Origin(run.id, digest.of_bytes((root / IN_CRATE).read_bytes()))
    found = Plan(run, root, place, (origin, *run.origins), files, images, command, config, settings.variables(run))
    found.targets = _targets(run, only)
    if found.targets:
        command.targets = list(found.targets)
    found.gaps = [*_gaps(found), *_docker_gaps(run)]
    return found


def _refuse_outputs_elsewhere(run: Run, place: Layout, config: dict[str, Any], command: Command) -> None:
    """A workflow with absolute output paths would write to the original places again, wherever those lead here."""
    values = [value for _, value in settings.leaves(config)] + [word.partition("=")[2] for word in command.config]
    moved = [
        text for value in values for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)
    ]
    for job in run.jobs:
        for artifact in job.outputs:
            target = str(place.place(artifact.path))
            covered = any(m.startswith("/") and (target == m or target.startswith(m + "/")) for m in moved)
            if artifact.path.startswith(("/", "..")) and not covered:
                message = f"rule {job.rule} writes to {artifact.path!a}, outside of its work directory"
                hint = "the rerun would write there as well; let the workflow take that path from its configuration"
                raise ProvcapError("outputs-elsewhere", message, hint)


def _targets(run: Run, only: Sequence[str]) -> tuple[str, ...]:
    """The files that `only` names: paths, or all results of rules."""
    made = producers(run)
    found: list[str] = []
    for name in only:
        of_rule = [a.path for job in run.jobs if job.rule == name for a in job.outputs]
        if not of_rule and name not in made:
            raise ProvcapError(
                "unknown-file", f"no rule and no result of the run is called {name!r}", "provcap show CRATE"
            )
        found += of_rule or [name]
    return tuple(dict.fromkeys(found))


def _gaps(found: Plan) -> list[Gap]:
    """What will not be as it was."""
    gaps = []
    for supply in found.images:
        if supply.way and not supply.exact and not pinned(supply):
            message = f"the original ran in {supply.image.id}; this one is {supply.told}, and need not be the same"
            gaps.append(Gap("image-differs", f"image:{supply.image.reference}", message))
    for item in found.files:
        if item.origin is None and not item.vital:
            gaps.append(Gap("input-unavailable", f"file:{item.path}", "the original run had it, the crate has not"))
        elif item.why:
            gaps.append(Gap("source-differs", f"file:{item.path}", item.why))
    return gaps


def _docker_gaps(run: Run) -> list[Gap]:
    """Snakemake itself ran inside a Docker image: is this process in the same one?"""
    used = {job.image for job in run.jobs}
    here = (inside() or {}).get("digest")
    return [
        Gap(
            "image-differs",
            f"image:{i.reference}",
            f"the original ran inside the Docker image {i.id}, this one does not",
        )
        for i in run.images
        if i.id in used and i.kind == "docker" and (i.digest is None or i.digest != here)
    ]
