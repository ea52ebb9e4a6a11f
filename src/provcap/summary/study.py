"""What a sheet says of sample and imaging, in words."""

from __future__ import annotations

from pathlib import Path

from provcap.model import Run
from provcap.studied import blocks
from provcap.summary.columns import line, table


def of_study(run: Run, earlier: Path | None = None) -> str:
    """An entry per line of the sheet; `earlier` is that of an earlier run, when this one has none."""
    if run.study is None:
        if earlier is not None:
            return f"nobody has said what was imaged here; an earlier run has a sheet: provcap annotate {earlier}"
        return "nobody has said what was imaged: provcap template rembi -o study.xlsx"
    parts = []
    for block in blocks(run):
        rows = [(f"  {line(label)}", line(value)) for label, value in block.lines]
        parts.append("\n".join([f"{block.module}: {line(block.name)}", table(rows)]))
    wrong = ("no-such-image", "sheet-contradicts-image")
    gaps = [line(f"[{gap.slug}] {gap.message}") for gap in run.gaps if gap.slug in wrong]
    return "\n\n".join([*parts, *gaps])
