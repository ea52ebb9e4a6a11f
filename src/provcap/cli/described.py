"""Whether what people say of a run, in ``provcap.yaml`` and ``terms.yaml``, has arrived in its record."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace

from provcap import about, terms
from provcap.model import About, Gap
from provcap.opening import Opened


def warn(gaps: Iterable[Gap]) -> None:
    """Say which file with a mistake in it was left out of the record."""
    from provcap.summary import line

    for gap in gaps:
        if gap.slug == "bad-config":
            print(line(f"warning: not taken in: {gap.message} [{gap.slug}]"), file=sys.stderr)
            print("hint: mend it; provcap collect takes it in", file=sys.stderr)


def compare(opened: Opened) -> None:
    """Say what was wrong when the run was collected, and whether the files say something else now."""
    warn(opened.run.gaps)
    if opened.folder is None or opened.files is None:
        return
    now, _ = about.read_about(opened.files)
    if now in (About(), opened.run.about):  # without a file, or with one that cannot be read, there is nothing to take
        return
    name = terms.NAME if replace(now, terms=opened.run.about.terms) == opened.run.about else about.NAME
    print(f"note: {name} has changed since this run was collected: provcap collect takes it in", file=sys.stderr)
