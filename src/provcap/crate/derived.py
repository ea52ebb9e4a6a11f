"""Profiles for roc-validator that it does not ship: Workflow Run RO-Crate 0.6, and provcap's own.

Those of 0.6 are those of 0.5 with the differences that `profile_0_6` lists, made anew each time from what is installed.
Ours refines whichever profile a crate claims, so that one pass asks about everything.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

from provcap.crate import profile_0_5, profile_0_6
from provcap.crate.profile import Claim, Profile

PROFILES: Final = (profile_0_5.PROFILE, profile_0_6.PROFILE)
#: the folders of roc-validator with the shapes of Workflow Run RO-Crate
SHAPES_OF: Final = ("process-run-crate", "workflow-ro-crate", "workflow-run-crate", "provenance-run-crate")
OWN: Final = "provcap-run-crate"  #: roc-validator's name for our profile
_OWN_PROFILE: Final = """\
@prefix dct: <http://purl.org/dc/terms/> .
@prefix prof: <http://www.w3.org/ns/dx/prof/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
<https://w3id.org/provcap/profile/1> a prof:Profile ;
    rdfs:label "provcap Run Crate 1" ;
    rdfs:comment "What provcap says of a run beyond the terms of Workflow Run RO-Crate"@en ;
    prof:isProfileOf <{parent}> ;
    prof:isTransitiveProfileOf {all} ;
    prof:hasToken "provcap-run-crate" .
"""


def write_profiles(folder: Path, profile: Profile, claimed: Claim | None, own: bool) -> str | None:
    """Write what roc-validator lacks to check a crate that claims `claimed` of `profile` into the empty `folder`.

    Returns the name to ask for. `own`: with our own profile on top, for crates that provcap wrote.
    """
    if profile.shapes:
        _derive(folder, profile.shapes)
    if not own or claimed is None:
        return claimed.known_as if claimed else profile.base
    below = profile.claims[profile.claims.index(claimed) :]
    versions = (profile.ro_crate, *profile.stands_on)
    everything = [*(f"<{c.identifier}>" for c in below), *(f"<https://w3id.org/ro/crate/{v}>" for v in versions)]
    (folder / OWN / "must").mkdir(parents=True)
    text = _OWN_PROFILE.format(parent=claimed.identifier, all=" , ".join(everything))
    (folder / OWN / "profile.ttl").write_text(text, encoding="utf-8")
    (folder / OWN / "must" / "provcap.ttl").write_bytes(shapes())
    return OWN


def shapes() -> bytes:
    """The SHACL shapes of provcap's own profile, in Turtle."""
    return files("provcap.crate").joinpath("shapes", "provcap.ttl").read_bytes()


def _derive(folder: Path, changes: tuple[tuple[str, str], ...]) -> None:
    import rocrate_validator

    root = Path(rocrate_validator.__file__).parent / "profiles"
    for name in SHAPES_OF:
        for path in sorted(p for p in (root / name).rglob("*") if p.suffix in (".ttl", ".py")):
            target = folder / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            text = path.read_text(encoding="utf-8")
            for old, new in changes:
                text = text.replace(old, new)
            target.write_text(text, encoding="utf-8")
