"""An OCFL storage root (Oxford Common File Layout 1.1, https://ocfl.io/1.1/spec/), as institutional archives keep
objects: a crate is an object, a changed crate its next version."""

from __future__ import annotations

import contextlib
import json
import logging
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from provcap.deposit import copying
from provcap.deposit.archive import Item, Receipt, Target
from provcap.deposit.description import Description
from provcap.deposit.folder import Folder
from provcap.deposit.state import State
from provcap.deposit.told import line
from provcap.errors import ProvcapError
from provcap.opening import METADATA

LAYOUT: Final = "0003-hash-and-id-n-tuple-storage-layout"
_MISSING: Final = "pip install 'provcap[ocfl]'"


class Ocfl(Folder):
    """A storage root; it is made when the directory is new or empty."""

    name = "ocfl"

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        try:
            import ocfl  # type: ignore[import-untyped]
        except ImportError as error:
            raise ProvcapError("not-installed", "ocfl-py is not installed", _MISSING) from error
        self._ocfl = ocfl

    def begin(self, description: Description, state: State) -> Receipt:
        """See Archive.begin."""
        self.description = description
        known = self.folder.is_dir() and any(self.folder.glob("0=ocfl_*"))
        if not known:
            copying.own(self.folder, ours=False)
        return self._receipt(bool(state.facts.get("published")))

    def upload(self, items: Sequence[Item], state: State) -> None:
        """See Archive.upload: a new object, or a new version of it when its content is not that of the last one."""
        work = state.folder / "ocfl"
        copying.bring(items, work, sweep=True)
        name = self.target.new_version or _identifier(work, state)
        with self._speaking():
            root = self._root()
            place = self.folder / root.object_path(name)
            self._tidy(place, state)
            state.note(object=name, writing=str(place), head=self._head(place))
            place.parent.mkdir(parents=True, exist_ok=True)
            made = self._ocfl.Object(identifier=name, digest_algorithm="sha512", spec_version="1.1")
            about = self._ocfl.VersionMetadata(
                message=self._message(), name="provcap", address="https://w3id.org/provcap"
            )
            if place.exists():
                again = made.add_version_with_content(str(place), str(work), about, abort_if_no_difference=True)
                said = "has this crate already" if again is None else "has it as a new version"
            else:
                made.create(str(work), about, str(place))
                said = "is new"
            self._validate(place)
        state.note(writing=None)
        shutil.rmtree(work, ignore_errors=True)
        self.target.say(f"the object {name} {said}: {self._head(place)} in {place}")

    def _message(self) -> str:
        return line(self.description.title, 200) or "a crate" if self.description else "a crate"

    def _root(self) -> Any:
        if not self.folder.exists() or not any(self.folder.iterdir()):
            if self.folder.exists():
                self.folder.rmdir()
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            self._ocfl.StorageRoot(str(self.folder), layout_name=LAYOUT).initialize(spec_version="1.1")
        root = self._ocfl.StorageRoot(str(self.folder))
        root.open_root_fs()
        root.check_root_structure()
        return root

    def _tidy(self, place: Path, state: State) -> None:
        """Remove what an earlier call of ours, that died, had begun to write at `place`."""
        if state.facts.get("writing") != str(place) or not place.exists():
            return
        head, before = self._head(place), state.facts.get("head")
        if head is None:
            shutil.rmtree(place)
        elif head == before:
            for folder in place.glob("v*"):
                if re.fullmatch(r"v\d+", folder.name) and int(folder.name[1:]) > int(head[1:]):
                    shutil.rmtree(folder)

    def _head(self, place: Path) -> str | None:
        """The newest version of the object at `place`."""
        try:
            head = json.loads((place / "inventory.json").read_bytes())["head"]
        except (OSError, ValueError, LookupError, TypeError):
            return None
        return head if isinstance(head, str) and re.fullmatch(r"v\d+", head) else None

    def _validate(self, place: Path) -> None:
        passed, log = self._ocfl.Object().validate(str(place), log_warnings=False)[:2]
        if not passed:
            message = f"the object in {place} is not valid OCFL: {line(str(log), 300)}"
            raise ProvcapError("copy-differs", message, "move it away when nothing else is in it")

    @contextlib.contextmanager
    def _speaking(self) -> Iterator[None]:
        """Errors of the library as ours, and its log kept from stderr."""
        quiet = logging.getLogger().level
        logging.getLogger().setLevel(logging.CRITICAL)
        own = (self._ocfl.ObjectException, self._ocfl.StorageRootException, self._ocfl.InventoryException)
        try:
            yield
        except (*own, self._ocfl.NewVersionException, OSError) as error:
            message = f"OCFL in {self.folder}: {line(str(error), 300)}"
            raise ProvcapError(
                "ocfl-failed", message, "is it a storage root of OCFL 1.0 or 1.1, and may you write there?"
            ) from error
        finally:
            logging.getLogger().setLevel(quiet)


def _identifier(work: Path, state: State) -> str:
    """What the crate's root calls itself, so that the same run packed again is a new version; else its digest."""
    with contextlib.suppress(OSError, ValueError, LookupError, TypeError, StopIteration):
        graph = json.loads((work / METADATA).read_bytes())["@graph"]
        stated = next(entity for entity in graph if entity.get("@id") == "./").get("identifier")
        if isinstance(stated, str) and re.fullmatch(r"[!-~]{1,200}", stated):
            return stated if ":" in stated else f"urn:provcap:run:{stated}"
    return f"urn:{state.crate}"
