"""The DOI that an archive has reserved, written into the crate before it goes there."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any, Final

from provcap import store
from provcap.errors import ProvcapError
from provcap.opening import METADATA
from provcap.seal import manifest, signature

_DOI: Final = "https://registry.identifiers.org/registry/doi"  #: science-on-schema.org, "Identifier"


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
        _identify(plain["@graph"], doi)
        written = json.dumps(plain, indent=4, ensure_ascii=False).encode("utf-8", "surrogateescape")
        store.write_atomic(copy / METADATA, written)  # a new file: what shares the old one's content keeps it
        for place, content in manifest.renew(copy, METADATA).items():
            store.write_atomic(copy / place, content)
    except (ValueError, LookupError, TypeError, OSError, StopIteration) as error:
        message = f"the DOI {doi} cannot be written into a copy of {crate}: {error}"
        raise ProvcapError("damaged-metadata", message, f"is it whole? provcap check {crate}") from error
    return copy


def _identify(graph: list[dict[str, Any]], doi: str) -> None:
    """Put the DOI before what identifies the root by now, the run: as a text, or from RO-Crate 1.2 on as an entity."""
    root = next(entity for entity in graph if entity.get("@id") == "./")
    known = root.get("identifier", [])
    known = known if isinstance(known, list) else [known]
    url = f"https://doi.org/{doi}"
    if known and all(isinstance(one, dict) for one in known):
        stands = {"@id": url, "@type": "PropertyValue", "name": "DOI", "propertyID": _DOI, "url": url}
        graph.append({**stands, "value": f"doi:{doi}"})
        root["identifier"] = [{"@id": url}, *known]
    else:
        root["identifier"] = [url, *known]


def _linked(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copy2(source, target)
    return target
