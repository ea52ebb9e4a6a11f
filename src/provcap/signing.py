"""Signing a crate that is whole."""

from __future__ import annotations

from pathlib import Path

from provcap import check, store
from provcap.errors import ProvcapError
from provcap.seal import manifest, signature


def sign(crate: Path, key: Path) -> Path:
    """Sign the crate at `crate` with the SSH key at `key`; returns the file with the signature.

    A zip is signed as it is, every byte of it, in a file beside it. Of a directory the manifest is signed, in a file
    beside that; what the manifest does not list is not signed. Raises ProvcapError when the crate is not as its
    manifest says, when it has none, or is signed already.
    """
    if not crate.exists():
        raise ProvcapError("no-crate", f"there is nothing at {crate}", "name a directory or a zip file")
    whole = crate.is_file()
    target = signature.beside(crate) if whole else crate / manifest.SIGNATURE
    store.refuse_existing(target)
    findings = check.check(crate, conforms=False)
    bad = [f for f in findings.findings if f.level == "error" or (f.slug == "file-unlisted" and not whole)]
    if bad or any(f.slug == "no-manifest" for f in findings.findings):
        why = f"{bad[0].subject}: {bad[0].message}" if bad else f"it has no {manifest.MANIFEST}"
        raise ProvcapError("not-whole", f"{crate} was not signed: {why}", "see: provcap check")
    signature.sign(crate if whole else crate / manifest.MANIFEST, key, target)
    return target
