"""Is a crate whole, unchanged, and what it claims to be?

Does it keep to its profiles, does it contain what it lists and nothing else, is it as it was sealed and who signed it,
is its PROV valid, and can the record of the run in it be read. Nothing is fetched from anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provcap import bag, codec, progress, unpack
from provcap.check import listing, provenance, sealed
from provcap.check.finding import Finding, Level
from provcap.crate import conformance
from provcap.errors import DamagedRecord, ProvcapError

__all__ = ["Finding", "Findings", "check"]

RUN_FILE: Final = "provenance/run.json"
_TWICE: Final = frozenset({"digest-differs", "file-missing", "file-unlisted"})  #: what manifest and metadata both see
_ORDER: Final = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True, slots=True)
class Findings:
    """All that was found, errors first."""

    findings: tuple[Finding, ...] = ()
    profile: str | None = None  #: what it was checked against, in roc-validator's words; None when it was not

    @property
    def ok(self) -> bool:
        """Whether there are no errors."""
        return not any(finding.level == "error" for finding in self.findings)


def check(crate: Path, signers: Path | None = None, conforms: bool = True) -> Findings:
    """Examine the crate at `crate`: a directory, a zip, or a BagIt bag.

    `signers` is a file of those whose signature counts (ssh-keygen's ALLOWED SIGNERS). Without `conforms`, its profiles
    are not asked for, which takes most of the time. Raises ProvcapError when it is no crate, or a damaged or dangerous
    one, or when there is no file `signers`.
    """
    if signers is not None and not signers.is_file():
        raise ProvcapError(
            "no-signers", f"there is no file {signers}", "one line per key: NAME KIND KEY, see ssh-keygen(1)"
        )
    with bag.opened(Path(crate)) as root:
        found, hashes = sealed.manifested(root)
        entities = unpack.read_metadata(root, Path(crate))
        found = sealed.omitted(found, entities)
        name, more = _conformance(root, entities) if conforms else (None, [])
        found += more
        found += listing.listed(root, entities, hashes)
        found += listing.unlisted(root, entities)
        found += sealed.chained(root)
        found += sealed.signed(Path(crate), root, signers)
        found += provenance.valid(root)
        found += _record(root)
    ordered = sorted(dict.fromkeys(found), key=lambda f: (_ORDER[f.level], f.slug, f.subject, f.message))
    return Findings(tuple(_once(ordered)), name)


def _once(found: list[Finding]) -> Iterator[Finding]:
    """Each trouble with a file once, in the words of the manifest, which knows where: the metadata saw it as well."""
    told = set()
    for finding in found:  # sorted: "manifest-sha256.txt says" comes before "the crate says"
        where = (finding.slug, finding.subject)
        if finding.slug not in _TWICE or where not in told:
            yield finding
        told.add(where)


def _conformance(root: Path, entities: listing.Entities) -> tuple[str | None, list[Finding]]:
    if not conformance.is_installed():
        message = "roc-validator is not installed, so nobody asked whether the crate keeps to its profiles"
        return None, [Finding("warning", "conformance-unchecked", "./", message)]
    claims = listing.references(entities["./"].get("conformsTo"))
    claims += listing.references(entities.get(listing.METADATA, {}).get("conformsTo"))
    profile, claimed = conformance.profile_of(claims)
    foreign = conformance.foreign(claims)
    if claimed is None and foreign:
        message = f"it claims {foreign}, whose rules are not known here; those of {conformance.KNOWN} are"
        return None, [Finding("warning", "conformance-unchecked", "./", message)]
    name = claimed.known_as if claimed else profile.base
    levels: dict[bool, Level] = {True: "error", False: "warning"}
    try:
        with progress.step("asking roc-validator"):
            issues = conformance.validate(root, profile, claimed, own=(root / RUN_FILE).is_file())
    except Exception as error:  # it is foreign code on foreign data, and its exceptions are not documented
        return name, [Finding("error", "conformance-unchecked", "./", f"roc-validator gave up: {error}")]
    return name, [
        Finding(levels[issue.required], "not-conformant", issue.subject or "./", f"{issue.message} ({issue.check})")
        for issue in issues
    ]


def _record(root: Path) -> Iterator[Finding]:
    """Can provcap read its own record of the run?"""
    path = root / RUN_FILE
    if not path.is_file():
        yield Finding("note", "no-record", RUN_FILE, "the crate has no record by provcap to compare or rerun it from")
        return
    try:
        codec.load_run(path.read_bytes(), RUN_FILE)
    except DamagedRecord as error:
        yield Finding("error", error.slug, RUN_FILE, error.message)
