"""The Materials-and-Methods text of a run, from what was recorded and nothing else; a template per language.

What is not known is not written, and where a reader would expect it the text says that it is not known.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath

from provcap import questions
from provcap.errors import ProvcapError
from provcap.model import Hardware, Job, Run
from provcap.report.citations import works
from provcap.report.dependence import DependenceFacts, dependence_facts
from provcap.report.images import AcquiredFact, acquired_facts
from provcap.report.models import NAMED, LoadRow, load_rows
from provcap.report.quality import QualityFact, quality_fact
from provcap.report.rows import Parameter, order, parameters
from provcap.report.software import image_rows, used_modules, used_tools
from provcap.report.wording import one_line, visible

LANGUAGES = ("en", "de")
MACHINES, RULES = 8, 60  #: that are described; whose parameters and seeds are named
_SPOKEN = {".py": "Python", ".ipynb": "Python", ".r": "R", ".rmd": "R", ".jl": "Julia", ".pl": "Perl"}


@dataclass(frozen=True, slots=True)
class StepFact:
    """A rule: what its author says it is for, and how many jobs ran."""

    rule: str
    description: str
    jobs: int


@dataclass(frozen=True, slots=True)
class ImageFact:
    """An image; `rules` is empty when everything ran in it."""

    reference: str
    digest: str | None
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SeedFact:
    """The seeds of a rule, and whether numbers were drawn that none determines."""

    rule: str
    seeds: tuple[str, ...]
    unseeded: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What the templates speak of."""

    run: Run
    executed: int
    counts: dict[str, int]
    inputs: int
    results: int
    steps: tuple[StepFact, ...]
    languages: tuple[str, ...]
    systems: tuple[str, ...]
    modules: tuple[str, ...]
    tools: tuple[str, ...]
    images: tuple[ImageFact, ...]
    on_host: tuple[str, ...]
    parameters: tuple[tuple[str, tuple[Parameter, ...]], ...]
    seeds: tuple[SeedFact, ...]
    more_seeds: int  #: rules with entries in their ledger beyond `seeds`
    machines: tuple[tuple[int, Hardware], ...]
    gaps: tuple[tuple[str, int, str], ...]
    works: tuple[str, ...]
    acquired: tuple[AcquiredFact, ...]
    more_acquired: int  #: ways of acquisition beyond `acquired`
    imported: bool  #: nothing was recorded while it ran
    quality: QualityFact | None
    loads: tuple[LoadRow, ...]  #: of models, the first ones
    more_loads: int
    depends: DependenceFacts | None  #: what the workflow says that it needs of its images


def methods(run: Run, language: str = "en") -> str:
    """The text in Markdown, in one of `LANGUAGES`. The same run gives the same text. Raises ProvcapError."""
    if language not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise ProvcapError("unknown-language", f"there is no text in {language!r}", f"there is one in: {known}")
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("provcap.report"),
        autoescape=False,  # noqa: S701 - this is no HTML; the page escapes it when it shows it
        undefined=jinja2.StrictUndefined,
    )
    environment.filters.update(code=code, plain=plain, number=number, gib=gib, decimal="{:.6g}".format)
    # controls that no text of a run has in it when it arrives there, see `visible`
    marks = {"paragraph": "\x1e", "item": "\x1f", "glue": "\x1d"}
    text = environment.get_template(f"methods.{language}.md").render(facts=facts(run), **marks)
    text = re.sub("[ \n]+", " ", text)
    text = re.sub(" ?\x1d", "", re.sub(" *([\x1e\x1f])[ \x1e]*", r"\1", text))
    return text.strip(" \x1e").replace("\x1e", "\n\n").replace("\x1f", "\n- ") + "\n"


def facts(run: Run) -> Facts:
    """All that the text says."""
    ran = list(questions.executed(run))
    machines = Counter(job.hardware for job in ran if job.hardware)
    modules, seeds = used_modules(run), _seeds(run)
    acquired, more_acquired = acquired_facts(run)
    tools = used_tools(run)
    cited = ["snakemake", *(module.name for module in modules)]
    cited += ["apptainer"] if any(image.kind in ("sif", "sandbox") for image in run.images) else []
    return Facts(
        run=run,
        executed=len(ran),
        counts=dict(Counter[str](job.status for job in run.jobs)),
        inputs=len(questions.external_inputs(run)),
        results=len(questions.final_outputs(run)),
        steps=_steps(run),
        languages=_languages(run, ran),
        systems=_systems(run, ran),
        modules=tuple(f"{m.name} {m.version}" for m in modules),
        tools=tools,
        images=_images(run, ran),
        on_host=tuple(dict.fromkeys(j.rule for j in ran if not j.image)) if run.images else (),
        parameters=_parameters(run),
        seeds=seeds[:RULES],
        more_seeds=max(len(seeds) - RULES, 0),
        machines=tuple((machines[h.id], h) for h in run.hardware if machines[h.id])[:MACHINES],
        gaps=_gaps(run),
        works=works(cited),
        acquired=acquired,
        more_acquired=more_acquired,
        quality=quality_fact(run),
        imported=any(gap.slug == "post-hoc" for gap in run.gaps),
        loads=load_rows(run)[:NAMED],
        more_loads=max(len(load_rows(run)) - NAMED, 0),
        depends=dependence_facts(run),
    )


def _steps(run: Run) -> tuple[StepFact, ...]:
    said = {step.rule: step.description or "" for step in run.steps}
    return tuple(
        StepFact(rule, one_line(said.get(rule, ""), 300).rstrip("."), sum(1 for j in jobs if questions.ran(j)))
        for rule, jobs in order(run)
    )


def _languages(run: Run, ran: list[Job]) -> tuple[str, ...]:
    """The interpreters of the scripts that ran, with versions: the first of its language in the job's environment."""
    environments = {e.id: e for e in run.environments}
    found: set[str] = set()
    for job in ran:
        language = _SPOKEN.get(PurePosixPath(job.script or "").suffix.lower())
        environment = environments.get(job.environment or "")
        versions = [i.version for i in environment.interpreters if i.language == language] if environment else []
        if language and versions:
            found.add(f"{language} {versions[0]}")
    return tuple(sorted(found))


def _systems(run: Run, ran: list[Job]) -> tuple[str, ...]:
    used = {job.environment for job in ran}
    names = [e.os_name for e in run.environments if e.id in used]
    return tuple(dict.fromkeys(name for name in names if name))


def _images(run: Run, ran: list[Job]) -> tuple[ImageFact, ...]:
    rules = {job.rule for job in ran}
    return tuple(
        ImageFact(row.image.reference, row.image.digest, () if rules <= set(row.rules) else row.rules)
        for row in image_rows(run)
    )


def _parameters(run: Run) -> tuple[tuple[str, tuple[Parameter, ...]], ...]:
    found = ((rule, tuple(parameters(jobs))) for rule, jobs in order(run))
    return tuple(islice((entry for entry in found if entry[1]), RULES))


def _seeds(run: Run) -> tuple[SeedFact, ...]:
    found = []
    for rule, jobs in order(run):
        draws = [draw for job in jobs for draw in job.randomness]
        seeds = dict.fromkeys(draw.value for draw in draws if draw.kind == "declared" and draw.value)
        seeds = seeds or dict.fromkeys(draw.value for draw in draws if draw.kind == "seeded" and draw.value)
        if draws:
            found.append(SeedFact(rule, tuple(seeds), any(draw.kind == "unseeded" for draw in draws)))
    return tuple(found)


def _gaps(run: Run) -> tuple[tuple[str, int, str], ...]:
    kinds: dict[str, list[str]] = {}
    for gap in run.gaps:
        kinds.setdefault(gap.slug, []).append(gap.message)
    return tuple((slug, len(kinds[slug]), kinds[slug][0]) for slug in sorted(kinds))


def code(text: str, most: int = 160) -> str:
    """`text` as a code span of Markdown (CommonMark 0.31, section 6.1): nothing in it acts."""
    line = one_line(visible(text), most)
    fence = "`" * (max((len(ticks) for ticks in re.findall("`+", line)), default=0) + 1)
    padded = f" {line} " if line.startswith("`") or line.endswith("`") else line
    return f"{fence}{padded}{fence}" if line else ""


def plain(text: str, most: int = 300) -> str:
    """`text` with what Markdown or HTML would act on made harmless (CommonMark 0.31, section 2.4)."""
    return re.sub(r"([\\`*<&\[\]|])", r"\\\1", one_line(visible(text), most))


def number(value: int) -> str:
    """A whole number, from five digits on in groups of three (SI Brochure, section 5.4.4)."""
    return str(value) if value < 10_000 else f"{value:,}".replace(",", "\u202f")


def gib(size: int) -> str:
    """Bytes of memory in GiB."""
    return f"{size / 2**30:.3g} GiB"
