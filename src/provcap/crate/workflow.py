"""The workflow, its rules as tools, and their place in it as steps (Provenance Run Crate 0.5, "Workflow")."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import urlsplit

from provcap import terms
from provcap.crate import profile_0_5 as profile
from provcap.crate.draft import Draft, escape, fragment, ref
from provcap.crate.packing import Packing
from provcap.crate.places import media_type
from provcap.model import Job, Run, Source, Step

_LANGUAGES: Final = {
    ".py": ("Python", "https://www.python.org/"),
    ".ipynb": ("Jupyter notebook", "https://jupyter.org/"),
    ".r": ("R", "https://www.r-project.org/"),
    ".rmd": ("R Markdown", "https://rmarkdown.rstudio.com/"),
    ".jl": ("Julia", "https://julialang.org/"),
    ".rs": ("Rust", "https://www.rust-lang.org/"),
    ".sh": ("Bash", "https://www.gnu.org/software/bash/"),
    ".smk": ("Snakemake", profile.SNAKEMAKE_LANGUAGE),
}


def add_sources(draft: Draft, run: Run, packing: Packing) -> str:
    """The files of the workflow; returns the @id of the main one."""
    main = packing.sources[run.workflow.snakefile]
    for source in run.workflow.sources:
        if source.path != run.workflow.snakefile:
            _add_source(draft, run, source, packing.sources[source.path])
    known = next((s for s in run.workflow.sources if s.path == run.workflow.snakefile), None)
    place = main if known is None else known.path
    draft.add(
        main,
        ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
        name=PurePosixPath(run.workflow.snakefile).name if run.about.title is None else run.about.title,
        description=f"Snakemake workflow {run.workflow.snakefile}",
        url=permalink(run, run.workflow.snakefile) or ref(main),
        version=version(run, known),
        encodingFormat=media_type(place) if media_type(place) != "application/octet-stream" else "text/x-snakemake",
        conformsTo=ref(profile.BIOSCHEMAS[0]),
        programmingLanguage=ref(profile.SNAKEMAKE_LANGUAGE),
        codeRepository=run.workflow.repository,
    )
    identifier, name, number = profile.BIOSCHEMAS
    draft.add(identifier, "CreativeWork", name=name, version=number)
    draft.add(
        profile.SNAKEMAKE_LANGUAGE,
        "ComputerLanguage",
        name="Snakemake",
        identifier="https://doi.org/10.1093/bioinformatics/bts480",
        url="https://snakemake.readthedocs.io/",
        version=run.snakemake_version,
    )
    return main


def _add_source(draft: Draft, run: Run, source: Source, identifier: str) -> None:
    kept = {} if not identifier.startswith("#") else {"sha256": source.digest.removeprefix("sha256:")}
    properties: dict[str, Any] = {
        "name": PurePosixPath(source.path).name,
        "description": f"Workflow file {source.path} ({source.role})" + (", not in this crate" if kept else ""),
        "encodingFormat": media_type(source.path),
        **kept,
    }
    if source.role in ("config", "profile", "other"):
        draft.add(identifier, "File", **properties)
        return
    language = _LANGUAGES.get(PurePosixPath(source.path).suffix.lower())
    draft.add(
        identifier,
        ["File", "SoftwareSourceCode"],
        **properties,
        url=permalink(run, source.path) or ref(identifier),
        version=version(run, source),
        programmingLanguage=ref(add_language(draft, *language)) if language else None,
    )


def add_language(draft: Draft, name: str, url: str) -> str:
    """A programming language, by its home page."""
    return draft.add(url, "ComputerLanguage", name=name, url=url)


def version(run: Run, source: Source | None) -> str | None:
    """The commit that was run, or else the digest of the file: what lets the same text be found again."""
    if run.workflow.commit:
        return run.workflow.commit + ("-dirty" if run.workflow.dirty else "")
    return source.digest if source else None


def permalink(run: Run, path: str, line: int | None = None) -> str | None:
    """Where the file `path` of the workflow is on the web as it was run; None when that is not known to be there."""
    flow = run.workflow
    if not (flow.repository and flow.commit) or flow.dirty is not False or path.startswith(("/", "..")):
        return None
    base = flow.repository.removesuffix("/").removesuffix(".git")
    host = urlsplit(base).netloc
    middle = {"github.com": "blob"}.get(host, "-/blob" if "gitlab" in host else None)
    if middle is None or not base.startswith("http"):
        return None
    return f"{base}/{middle}/{flow.commit}/{escape(path)}" + (f"#L{line}" if line else "")


def steps(run: Run) -> dict[str, Step]:
    """Every rule that took part, in the order of the run."""
    found = {step.rule: step for step in run.steps}
    for job in run.jobs:
        found.setdefault(job.rule, Step(job.rule, script=job.script))
    return found


def add_steps(draft: Draft, run: Run, packing: Packing, workflow: str) -> None:
    """One tool and one HowToStep for each rule."""
    jobs: dict[str, list[Job]] = {}
    for job in run.jobs:
        jobs.setdefault(job.rule, []).append(job)
    for position, step in enumerate(steps(run).values()):
        tool = _add_tool(draft, run, packing, step, jobs.get(step.rule, []))
        identifier = fragment("step", step.rule)
        draft.add(identifier, "HowToStep", name=step.rule, position=str(position), workExample=ref(tool))
        for term in terms.of_rule(run, step.rule):
            draft.add(term.iri, "DefinedTerm", name=term.name or term.iri, url=term.iri)
            draft.link(identifier, "about", term.iri)
            draft.link(tool, "additionalType", term.iri)
        draft.add(workflow, "HowTo")
        draft.link(workflow, "step", identifier)


def _add_tool(draft: Draft, run: Run, packing: Packing, step: Step, jobs: list[Job]) -> str:
    defined = step.source or run.workflow.snakefile
    link = permalink(run, defined)
    place = packing.sources.get(defined) or packing.sources[run.workflow.snakefile]
    inner = fragment("rule-" + step.rule) if not place.startswith("#") else "/" + escape(step.rule)
    script = packing.sources.get(step.script or next((j.script for j in jobs if j.script), None) or "")
    source = next((s for s in run.workflow.sources if s.path == defined), None)
    ours = not _made_by_other_sources(run, jobs)
    tool = draft.add(
        (link or place) + inner,
        "SoftwareApplication",
        name=f"rule {step.rule}",
        description=step.description
        or f"Snakemake rule {step.rule}" + (f" (runs {step.script})" if step.script else ""),
        url=permalink(run, defined, step.line) or ref(place),
        version=version(run, source) if ours else None,
        mainEntity=ref(script) if script and ours else None,
        processorRequirements=_asked(str(j.threads) + " threads" for j in jobs if j.threads),
        memoryRequirements=_asked(f"{j.resources['mem_mb']} MB" for j in jobs if _is_amount(j, "mem_mb")),
        storageRequirements=_asked(f"{j.resources['disk_mb']} MB" for j in jobs if _is_amount(j, "disk_mb")),
    )
    if script:
        draft.link(tool, "softwareRequirements", script)
    return tool


def _made_by_other_sources(run: Run, jobs: list[Job]) -> bool:
    """Whether all that the rule made is from earlier runs, whose sources may have been others than those of `run`."""
    taken_over = bool(jobs) and all(job.status == "up_to_date" and job.run != run.id for job in jobs)
    return taken_over and any(gap.slug == "made-by-other-sources" for gap in run.gaps)


def _is_amount(job: Job, name: str) -> bool:
    return isinstance(job.resources.get(name), int | float) and not isinstance(job.resources.get(name), bool)


def _asked(amounts: Any) -> str | None:
    """The different amounts that the jobs of a rule asked for (attempts may ask for more each time)."""
    found = sorted(set(amounts))
    return ", ".join(found) if 0 < len(found) <= 4 else None  # more than four say nothing of the rule; the actions do
