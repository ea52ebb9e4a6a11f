"""A folder as an archive: the crate as it is, and the same packed as a bag (BagIt, RFC 8493)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from provcap import __version__
from provcap.deposit import copying
from provcap.deposit.archive import Item, Receipt, Target
from provcap.deposit.description import Description
from provcap.deposit.limits import limits_of
from provcap.deposit.state import State
from provcap.deposit.told import line
from provcap.errors import ProvcapError


class Folder:
    """A copy in a directory of its own, each file verified after it was written."""

    name = "folder"

    def __init__(self, target: Target) -> None:
        if not target.url or "://" in target.url:
            message = f"{target.url!a} is no directory" if target.url else f"{self.name} needs a directory"
            raise ProvcapError("bad-url", message, f"--to {self.name} --url DIRECTORY")
        self.target = target
        self.folder = Path(os.path.abspath(target.url))
        self.place = str(self.folder)
        self.limits = limits_of(self.name, target.settings)
        self.description: Description | None = None

    def begin(self, description: Description, state: State) -> Receipt:
        """See Archive.begin. The directory must be new, or one that this crate was brought to before."""
        copying.own(self.folder, bool(state.facts.get("ours")))
        state.note(ours=True)
        self.description = description
        return self._receipt(bool(state.facts.get("published")))

    def upload(self, items: Sequence[Item], state: State) -> None:  # noqa: ARG002  # a folder is its own state
        """See Archive.upload."""
        copying.bring(items, self.folder)

    def publish(self, state: State) -> Receipt:
        """See Archive.publish. A folder has no drafts: what is there is there."""
        state.note(published=True)
        return self._receipt(True)

    def _receipt(self, published: bool) -> Receipt:
        return Receipt(self.place, self.folder.as_uri(), None, published)


class Bag(Folder):
    """A bag with the crate in its ``data/``, as RO-Crate 1.1 recommends in "Combining with other packaging schemes"."""

    name = "bag"

    def upload(self, items: Sequence[Item], state: State) -> None:
        """See Archive.upload. The bag is made beside its place and appears there when it is valid."""
        try:
            import bagit  # type: ignore[import-untyped]
        except ImportError as error:
            raise ProvcapError("not-installed", "bagit is not installed", "pip install 'provcap[deposit]'") from error
        work = self.folder.with_name(f".{self.folder.name}.bagging")
        if (work / "data").is_dir() and (work / "bagit.txt").exists():
            shutil.rmtree(work)  # an earlier call died while it was sealed
        try:
            copying.bring(items, work, sweep=True)
            bagit.make_bag(str(work), self._info(state), checksums=["sha256", "sha512"])
            bagit.Bag(str(work)).validate()
        except (bagit.BagError, RuntimeError) as error:
            message = f"no bag could be made in {work}: {line(str(error), 300)}"
            raise ProvcapError("copy-differs", message, "the same command makes it again") from error
        shutil.rmtree(self.folder, ignore_errors=True)  # begin() has seen that it is empty, or an older bag of ours
        os.rename(work, self.folder)

    def _info(self, state: State) -> dict[str, str | list[str]]:
        """bag-info.txt (RFC 8493, 2.2.2): one line each, and nothing that nobody said."""
        said = self.description
        if said is None:
            return {}
        places = [a.affiliation.name for a in said.creators if a.affiliation]
        found: dict[str, str | list[str] | None] = {
            "Source-Organization": said.publisher or next(iter(places), None),
            "Contact-Name": [line(agent.name, 200) or "" for agent in said.creators],
            "External-Description": line(f"{said.title}. {said.description}", 900),
            "Internal-Sender-Identifier": state.crate,
            "License": said.license,
            "Bag-Software-Agent": f"provcap {__version__} with bagit",
        }
        return {key: value for key, value in found.items() if value}
