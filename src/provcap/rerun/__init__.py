"""Crate → work directory → Snakemake with capture on → a Run that says `rerun_of` → verdicts.

The workflow in a crate is a program that somebody else wrote: to rerun it is to run that program. What stands here
sees to it that nothing else of the crate is executed, and that nothing is written but below the new directory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from provcap import check
from provcap.bag import crate_root
from provcap.errors import ProvcapError, TargetExists
from provcap.rerun.plan import Plan, plan
from provcap.rerun.session import Manner, Rerun, carry_out, describe

__all__ = ["Manner", "Plan", "Rerun", "carry_out", "describe", "planned", "refuse_filled"]


@contextmanager
def planned(crate: Path, into: Path, only: Sequence[str] = (), folders: Sequence[Path] = ()) -> Iterator[Plan]:
    """The plan to repeat the run in `crate` (a zip, a directory or a bag) below `into`, while the crate is unpacked.

    Raises ProvcapError when the crate is damaged, dangerous or not by provcap, or when its run cannot be repeated.
    """
    with crate_root(crate) as root:
        found = check.check(root)
        errors = [f for f in found.findings if f.level == "error" and f.slug != "conformance-unchecked"]
        if errors:
            shown = "; ".join(f"{f.subject}: {f.message}" for f in errors[:3])
            message = f"{crate} is not whole or not valid: {shown}" + (" …" if len(errors) > 3 else "")
            raise ProvcapError("damaged-crate", message, f"everything that is wrong with it: provcap check {crate}")
        yield plan(root, into, only, folders)


def refuse_filled(into: Path, crate: Path) -> None:
    """Raise TargetExists when `into` holds anything but the crate itself."""
    if into.exists() and not into.is_dir():
        raise TargetExists("target-exists", f"{into} is a file", "name an empty or a new directory: -C DIR")
    own = crate.absolute()
    for entry in sorted(into.iterdir()) if into.exists() else ():
        if entry.absolute() != own:
            message = f"{into} is not empty: it has {entry.name!a}"
            raise TargetExists("target-exists", message, "name an empty or a new directory: -C DIR")
