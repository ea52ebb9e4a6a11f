"""A crate, and what people say beside it → what an archive is told."""

from __future__ import annotations

from pathlib import Path

from provcap.deposit.description import Description
from provcap.deposit.settings import Settings


def describe(root: Path, settings: Settings, workdir: Path | None = None) -> tuple[Description, tuple[str, ...]]:
    """The metadata of a deposit of the unpacked crate in `root`, and sentences on what was left out and why.

    `workdir` is where CITATION.cff and .zenodo.json are looked for besides the crate. Raises ProvcapError
    (``not-described``) when a title, creators or a licence is missing.
    """
    raise NotImplementedError
