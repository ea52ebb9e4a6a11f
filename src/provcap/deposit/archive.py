"""What an archive is to provcap: limits that are checked before, a draft, an upload that can be resumed, publishing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from provcap.deposit.description import Description
    from provcap.deposit.settings import Settings
    from provcap.deposit.state import State


@dataclass(frozen=True, slots=True)
class Item:
    """One file as the archive will have it."""

    key: str  #: its name in the archive, ``/`` between folders
    path: Path
    size_bytes: int
    digest: str  #: "sha256:…"


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive accepts; None where it states no limit."""

    files: int | None = None
    file_bytes: int | None = None
    total_bytes: int | None = None
    key_pattern: str | None = None  #: a regular expression that every key matches in full
    unpacks_zips: bool = False  #: the server takes a zip apart, so one that shall stay one goes inside another
    layout: Literal["beside", "as-it-is", "tree"] = "beside"
    """What goes there: a zip with its metadata and page beside it, or a directory file by file; the crate exactly as it
    is; the files of the unpacked crate."""
    source: str = ""  #: the page of the archive that states it


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a deposit."""

    record: str  #: the archive's own identifier of the record, or the path of a folder
    url: str  #: where a person looks at it
    doi: str | None = None  #: reserved or minted, as ``10.…/…``
    published: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """Where the user wants a crate to go. Those in ``ARCHIVES`` (deposit/__init__.py) are called with it."""

    url: str  #: of the archive, or the path of a folder, as the user wrote it
    settings: Settings
    token: Callable[[], str] = field(repr=False)  #: raises ProvcapError (``no-token``) where there is none
    say: Callable[[str], None]  #: hears sentences that the user should know, as that something was left out
    community: str | None = None  #: where the draft is to be reviewed; overrides the settings
    new_version: str | None = None  #: the published record of which this is to be a new version
    draft: str | None = None  #: the draft to use when the archive cannot be asked which one is this crate's


class Archive(Protocol):
    """A place that keeps crates. All steps may be called again after a crash: what is done already is not done twice.

    Every method raises ProvcapError, in whose message no token ever stands.
    """

    name: str
    place: str  #: where it is, the same however the user spells it: a URL, or the absolute path of a folder
    limits: Limits

    def begin(self, description: Description, state: State) -> Receipt:
        """Make the draft, or find the one that `state` knows; with a reserved DOI where the archive reserves them."""
        ...

    def upload(self, items: Sequence[Item], state: State) -> None:
        """Bring `items` into the draft: those that it has with the right checksum are left, others replaced; files that
        are none of `items` are removed from it."""
        ...

    def publish(self, state: State) -> Receipt:
        """Publish the draft, or say that it is published."""
        ...
