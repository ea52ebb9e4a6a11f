"""Is a crate as it was sealed: its manifest, the chains over its journals, and who signed it?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from provcap import progress
from provcap.check import listing
from provcap.check.finding import Finding, Level
from provcap.errors import ProvcapError
from provcap.seal import chain, manifest, signature

PROVENANCE = "provenance"  #: the folder of a crate that has the seal and the journals


def manifested(root: Path) -> tuple[list[Finding], dict[str, str]]:
    """What is not as the manifest of the crate in `root` says, and the digests of its files, by place."""
    try:
        listed = manifest.read(root)
    except (ValueError, OSError) as error:
        return [Finding("error", "bad-manifest", manifest.MANIFEST, str(error))], {}
    if listed is None:
        message = "the crate has no list of checksums of all its files: changes where no entity has one are not seen"
        return [Finding("note", "no-manifest", manifest.MANIFEST, message)], {}
    with progress.step("reading every file", len(listed)) as advance:
        wrong, hashes = manifest.verify(root, listed, lambda: listing.places(root), lambda _: advance(1))
    slugs: dict[str, tuple[Level, str]] = {
        "changed": ("error", "digest-differs"),
        "missing": ("error", "file-missing"),
        "unlisted": ("warning" if (root / manifest.SIGNATURE).is_file() else "note", "file-unlisted"),  # not signed
        "unreadable": ("error", "bad-manifest"),
    }
    return [Finding(*slugs[w.kind], w.place, w.message) for w in wrong], hashes


def omitted(found: list[Finding], entities: listing.Entities) -> list[Finding]:
    """`found`, where what the manifest leaves out and the crate is made of is an error: a seal without it is none."""
    own = listing.named_in(entities) | {listing.METADATA}
    message = f"{manifest.MANIFEST} does not list it, so that nothing protects it; the crate is not sealed"
    return [
        Finding("error", finding.slug, finding.subject, message)
        if finding.slug == "file-unlisted" and (finding.subject in own or finding.subject.startswith(PROVENANCE + "/"))
        else finding
        for finding in found
    ]


def chained(root: Path) -> Iterator[Finding]:
    """Where the chains over the journals in the crate break."""
    for name, trouble in chain.breaks(root / PROVENANCE):
        yield Finding("error", "seal-broken", f"{PROVENANCE}/{name}", f"it is not as it was sealed: {trouble}")


def signed(crate: Path, root: Path, signers: Path | None) -> Iterator[Finding]:
    """Who signed the crate: a zip as a whole, in a file beside it; or the manifest that lies in it."""
    asked = [(crate, signature.beside(crate))] if crate.is_file() else []
    asked.append((root / manifest.MANIFEST, root / manifest.SIGNATURE))
    found = [(data, sig) for data, sig in asked if sig.is_file() and not sig.is_symlink()]
    if not found:
        level: Level = "note" if signers is None else "error"  # who names signers wants one of them
        yield Finding(level, "unsigned", "./", "nobody has signed this crate: who changes it can seal it again")
    for data, sig in found:
        name = sig.name
        try:
            seal = signature.verify(data, sig, signers)
        except ProvcapError as error:
            yield Finding("error", error.slug, name, error.message)
            continue
        if seal.identity is None:
            message = f"signed with {seal.key}; whose key that is, nobody said (see --signers)"
            yield Finding("note", "signer-unknown", name, message)
        else:
            yield Finding("note", "signed", name, f"signed by {seal.identity} with {seal.key}")
