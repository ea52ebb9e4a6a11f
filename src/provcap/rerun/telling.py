"""A rerun before it begins and when it has ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from provcap.model import Comparison
from provcap.rerun.plan import Plan
from provcap.rerun.vary import Dependence, Trial
from provcap.summary import line, table

SHOWN = 20


def of_plan(plan: Plan) -> str:
    """What would be run, where everything comes from, and what is missing."""
    jobs = ", ".join(f"{rule} ({n})" if n > 1 else rule for rule, n in plan.jobs().items())
    here = [f for f in plan.files if f.origin]
    lines = [
        f"run {plan.run.id} of {plan.run.workflow.snakefile}, Snakemake {plan.run.snakemake_version or '?'}",
        *([f"the original run ended {plan.run.status}: it may do so again"] if plan.run.status != "succeeded" else []),
        f"jobs: {jobs or 'none'}",
        f"work directory: {plan.layout.workdir}",
        f"files: {len(here)} of {len(plan.files)} at hand ({_origins([f.origin_name for f in here])})",
        *(f"image: {s.image.reference} ({s.image.digest or 'no digest'}): {s.told}" for s in plan.images),
        f"snakemake -s {plan.snakefile} {' '.join(plan.command.words())}".rstrip(),
        *(f"left behind: {words}" for words in plan.command.left),
        *(f"warning: {g.subject}: {g.message} [{g.slug}]" for g in plan.gaps),
        *(f"missing: {name}" for name in plan.missing[:SHOWN]),
    ]
    lines.append(
        "all recorded files and images that it needs are at hand"
        if not plan.missing
        else f"{len(plan.missing)} missing: it cannot be run"
    )
    return _clean(lines)


def _origins(names: Sequence[str]) -> str:
    counts = Counter(names)
    return ", ".join(f"{n} from {name}" if name != "crate" else f"{n} from the crate" for name, n in counts.items())


def of_verdicts(comparison: Comparison) -> str:
    """A verdict per result with the reason, and the count."""
    rows = [(v.verdict, v.path, v.reason) for v in comparison.verdicts]
    counts = Counter(v.verdict for v in comparison.verdicts)
    said = ", ".join(f"{n} {verdict}" for verdict, n in counts.items()) or "no results to compare"
    return _clean([table([tuple(map(line, row)) for row in rows]), said] if rows else [said])


def of_dependence(trials: Sequence[Trial], found: Sequence[Dependence]) -> str:
    """What was changed, and what each result depends on."""
    lines = [f"{t.kind}: " + (f"not tried: {t.problem}" if t.problem else t.said) for t in trials]
    rows = [(d.path, _on(d.on)) for d in found]
    return _clean([*lines, table([(line(path), text) for path, text in rows])])


def _on(kinds: Sequence[str]) -> str:
    if "repeat" in kinds:
        return "differs each time, even when nothing is changed: unseeded randomness, clocks, order of threads"
    return "depends on " + ", ".join(kinds) if kinds else "depends on nothing that was varied"


def _clean(lines: Sequence[str]) -> str:
    return "\n".join(line(part) for text in lines if text for part in text.split("\n"))
