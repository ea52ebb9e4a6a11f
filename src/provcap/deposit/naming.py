"""The DOI that an archive has reserved, written into the crate before it goes there."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from provcap import store
from provcap.errors import ProvcapError
from provcap.opening import METADATA
from provcap.seal import manifest, signature


def is_signed(crate: Path, root: Path) -> bool:
    """Whether somebody has signed the crate that the user named `crate`: no byte of it may change then."""
    return (root / manifest.SIGNATURE).exists() or (crate.is_file() and signature.beside(crate).exists())


def named(crate: Path, root: Path, doi: str, copy: Path) -> Path:
    """The crate that is unpacked in `root`, with `doi` as the first identifier of its root (RO-Crate 1.1, "Recommended
    Identifiers") and its manifest renewed, in the directory `copy`, which shares the files that do not change.

    `crate` names it in errors. Raises ProvcapError.
    """
    shutil.rmtree(copy, ignore_errors=True)
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(root, copy, copy_function=_linked)
    try:
        text = (copy / METADATA).read_bytes()
        plain = json.loads(text)
        entity = next(entity for entity in plain["@graph"] if entity.get("@id") == "./")
        known = entity.get("identifier", [])  # of the run
        entity["identifier"] = [f"https://doi.org/{doi}", *(known if isinstance(known, list) else [known])]
        written = json.dumps(plain, indent=4, ensure_ascii=False).encode("utf-8", "surrogateescape")
        store.write_atomic(copy / METADATA, written)  # a new file: what shares the old one's content keeps it
        for place, content in manifest.renew(copy, METADATA).items():
            store.write_atomic(copy / place, content)
    except (ValueError, LookupError, TypeError, OSError, StopIteration) as error:
        message = f"the DOI {doi} cannot be written into a copy of {crate}: {error}"
        raise ProvcapError("damaged-metadata", message, f"is it whole? provcap check {crate}") from error
    return copy


def _linked(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copy2(source, target)
    return target
