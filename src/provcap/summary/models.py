"""The trained models of a run and who loaded them, in words."""

from __future__ import annotations

from typing import Any

from provcap import codec
from provcap.bioimage.weights.saying import Known, origin_text, tensor_text
from provcap.bioimage.weights.weighing import SLUG, paths
from provcap.model import Job, Run, Weights
from provcap.summary.columns import counted, line, size, table

SLUGS = (SLUG, "weights-not-hashed", "inference-not-deterministic")


def of_models(run: Run) -> str:
    """An entry per model, then the loads of each job, then what is not known."""
    loading = [job for job in run.jobs if job.loads]
    gaps = [line(f"[{gap.slug}] {gap.subject}: {gap.message}") for gap in run.gaps if gap.slug in SLUGS]
    if not run.weights and not loading:
        return "\n".join(["no model was found among the files of this run, and none was seen to be loaded", *gaps])
    known = Known(run)
    parts = [_of_model(known, found) for found in run.weights]
    parts += ["\n".join([f"loaded by {job.id} {line(job.label)}", *_loads(known, job)]) for job in loading]
    return "\n\n".join([*parts, *(["not known\n" + "\n".join(f"  {gap}" for gap in gaps)] if gaps else [])])


def _of_model(known: Known, found: Weights) -> str:
    card = found.card
    rows = [
        ("  model", " ".join(filter(None, (found.name, found.version)))),
        ("  format", f"{origin_text(found)}; read by {found.reader}"),
        ("  digest", f"{found.digest}, {size(found.size_bytes)}"),
        ("  says", found.description),
        *(("  input", tensor_text(tensor)) for tensor in found.inputs),
        *(("  output", tensor_text(tensor)) for tensor in found.outputs),
        ("  holds", _holds(found)),
        ("  besides", ", ".join(found.external)),
        *(("  " + name, value) for name, value in sorted(found.metadata.items())),
        ("  pickled", "yes: loading it runs what is pickled in it" if found.pickled else None),
        ("  described", card and " ".join(filter(None, (card.name, card.version, card.id, card.doi)))),
        ("  authors", card and ", ".join(card.authors)),
        ("  licence", card and card.license),
        *(("  cite", text) for text in (card.cite if card else ())),
        *(("  note", note) for note in found.notes),
    ]
    return line(known.name(found)) + "\n" + table([(name, line(value)) for name, value in rows if value])


def _holds(found: Weights) -> str | None:
    told = [f"{found.parameters:,} numbers" if found.parameters is not None else None]
    told += [
        f"in {counted(found.tensors, 'array')}" if found.tensors is not None else None,
        ", ".join(found.data_types),
    ]
    return " ".join(filter(None, told)) or None


def _loads(known: Known, job: Job) -> list[str]:
    return ["  " + line(known.told(load)) for load in job.loads]


def models_plain(run: Run) -> dict[str, Any]:
    """The same as plain values."""
    held = paths(run)
    models = [{"paths": held.get(one.file or one.digest, []), **codec.encode(one)} for one in run.weights]
    loads = [{"job": job.id, "rule": job.rule, **codec.encode(load)} for job in run.jobs for load in job.loads]
    return {"models": models, "loads": loads, "gaps": [codec.encode(gap) for gap in run.gaps if gap.slug in SLUGS]}
