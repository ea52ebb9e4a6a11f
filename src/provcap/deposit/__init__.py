"""A crate into an archive: a draft first, resumable, and never twice.

gate → description → plan → draft → DOI into a copy → upload → published only when that is wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from pathlib import Path
from shutil import rmtree
from typing import Final

from provcap import check, digest, redact, unpack
from provcap.deposit import gate, naming, state
from provcap.deposit.archive import Archive, Item, Receipt, Target
from provcap.deposit.bioimage_archive import BioImageArchive
from provcap.deposit.dataverse import Dataverse
from provcap.deposit.describe import describe
from provcap.deposit.description import Description
from provcap.deposit.folder import Bag, Folder
from provcap.deposit.invenio import Invenio, Zenodo
from provcap.deposit.limits import ALIASES
from provcap.deposit.ocfl import Ocfl
from provcap.deposit.plan import Plan, items, plan
from provcap.errors import ProvcapError
from provcap.redact.finding import Find

__all__ = ["ARCHIVES", "GROUP", "Archive", "Prepared", "Receipt", "Target", "archive", "carry_out", "prepared"]

ARCHIVES: Final[tuple[Callable[[Target], Archive], ...]] = (
    Zenodo,
    Invenio,
    Dataverse,
    BioImageArchive,
    Folder,
    Bag,
    Ocfl,
)
GROUP: Final = "provcap.archives"  #: entry points of third parties, which are asked first


@dataclass(frozen=True, slots=True)
class Prepared:
    """A crate that may leave, and how it will."""

    crate: Path
    root: Path  #: where it is unpacked
    description: Description
    plan: Plan
    finds: tuple[Find, ...]  #: of the gate; none of them blocks
    notes: tuple[str, ...]  #: what was left out of the description, and why


def names() -> list[str]:
    """The archives that there are, those of third parties first."""
    own = [str(getattr(made, "name", "")) for made in ARCHIVES]
    return list(dict.fromkeys([*sorted(entry.name for entry in entry_points(group=GROUP)), *own]))


def archive(name: str, target: Target) -> Archive:
    """The archive called `name`. Raises ProvcapError when there is none, or when it cannot be used so."""
    for entry in entry_points(group=GROUP, name=name):
        found: Archive = entry.load()(target)
        return found
    for made in ARCHIVES:
        if getattr(made, "name", None) == ALIASES.get(name, name):
            return made(target)
    raise ProvcapError("unknown-archive", f"provcap knows no archive {name!a}", f"known: {', '.join(names())}")


@contextmanager
def prepared(crate: Path, target: Target, place: Archive, workdir: Path) -> Iterator[Prepared]:
    """What would go to `place`, while the crate is unpacked; nothing is sent.

    Raises ProvcapError when the crate is not whole or not valid (``damaged-crate``), when something secret or personal
    is in it (``deposit-blocked``), when it is not described well enough, or when the archive would not take it.
    """
    with unpack.opened(crate) as root:
        _refuse_damaged(crate, root)
        finds = redact.scan(root, target.settings.allow)
        gate.refuse(crate, finds)
        description, notes = describe(root, target.settings, workdir)
        yield Prepared(crate, root, description, plan(crate, root, place.limits), finds, tuple(notes))


def carry_out(
    ready: Prepared, target: Target, place: Archive, workdir: Path, publish: Callable[[Receipt], bool] | None = None
) -> Receipt:
    """Bring the crate into a draft, and publish it when `publish` says yes to the complete draft.

    Raises ProvcapError; the same call goes on where the last one stopped, whatever stopped it.
    """
    own = digest.of_file(ready.crate) if ready.crate.is_file() else digest.of_tree(ready.crate)[0]
    where = place.place if "://" in place.place else f"{place.name}:{place.place}"  # several kinds share a folder
    with state.locked(workdir, own, place.name, where) as known:
        receipt = place.begin(ready.description, known)
        if receipt.published:
            target.say("this crate is published there already; nothing was sent")
            return receipt
        place.upload(_final_items(ready, target, receipt, known), known)
        known.note(complete=True)
        if publish is not None and publish(receipt):
            receipt = _with_doi(place.publish(known), receipt)
        if receipt.published:
            rmtree(known.folder, ignore_errors=True)
        return receipt


def _final_items(ready: Prepared, target: Target, receipt: Receipt, known: state.State) -> tuple[Item, ...]:
    """The files as they go, with the DOI in them when one was reserved."""
    if receipt.doi is None:
        return items(ready.plan, ready.root, known.folder)
    if naming.is_signed(ready.crate, ready.root):
        target.say(f"the crate is signed, so it goes as it is, without its DOI {receipt.doi} in it")
        return items(ready.plan, ready.root, known.folder)
    root = naming.named(ready.crate, ready.root, receipt.doi, known.folder / "crate")
    return items(ready.plan, root, known.folder, changed=True)


def _with_doi(receipt: Receipt, before: Receipt) -> Receipt:
    return receipt if receipt.doi else replace(receipt, doi=before.doi)


def _refuse_damaged(crate: Path, root: Path) -> None:
    errors = [f for f in check.check(root).findings if f.level == "error"]
    if errors:
        shown = "; ".join(f"{f.subject}: {f.message}" for f in errors[:3]) + (" …" if len(errors) > 3 else "")
        message = f"{crate} is not whole or not valid: {shown}"
        raise ProvcapError("damaged-crate", message, f"everything that is wrong with it: provcap check {crate}")
