"""What a version of the Workflow Run RO-Crate profiles asks for; each is one such value, in a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from provcap.crate.draft import Draft
from provcap.model import Run


class Claim(NamedTuple):
    """A profile that a crate says it keeps to."""

    identifier: str
    name: str
    version: str
    known_as: str  #: by roc-validator


@dataclass(frozen=True, slots=True)
class Profile:
    """All in which one version differs from another."""

    version: str  #: of Process, Workflow and Provenance Run Crate
    ro_crate: str  #: the only version of RO-Crate that goes with it
    terms: Mapping[str, str]  #: those that neither context has
    process: Claim
    workflow: Claim
    provenance: Claim
    workflow_ro_crate: Claim
    types: tuple[str, ...]  #: of the entities that stand for profiles
    descriptor_claims: bool  #: whether the metadata descriptor names Workflow RO-Crate besides RO-Crate
    stands_on: tuple[str, ...]  #: older versions of RO-Crate whose rules roc-validator asks with those of `ro_crate`
    shapes: tuple[tuple[str, str], ...]  #: what turns the shapes of 0.5 into its own; none where the validator has them
    adapt: Callable[[Draft, dict[str, Any], Run], None]  #: changes that entities need, which are written as for 0.5

    @property
    def claims(self) -> tuple[Claim, ...]:
        """Strictest first; each includes those after it."""
        return self.provenance, self.workflow, self.process, self.workflow_ro_crate

    @property
    def base(self) -> str:
        """roc-validator's name for the version of RO-Crate."""
        return f"ro-crate-{self.ro_crate}"

    @property
    def context(self) -> str:
        """Where RO-Crate's own context is."""
        return f"https://w3id.org/ro/crate/{self.ro_crate}/context"
