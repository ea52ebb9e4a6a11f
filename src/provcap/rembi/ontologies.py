"""Identifiers of ontology values: their form is checked, they are not looked up."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from typing import Final

_OBO: Final = "http://purl.obolibrary.org/obo/"
#: prefix: how many digits (0: any number), and the IRI with the prefix and the digits behind it
_KNOWN: Final[dict[str, tuple[int, str]]] = {
    **{name: (0, f"{_OBO}{name}_") for name in ("NCBITaxon", "DOID", "CHEBI")},
    **{name: (8, f"{_OBO}{name}_") for name in ("FBbi", "FBbt")},
    **{
        name: (7, f"{_OBO}{name}_")
        for name in "UBERON CLO CL BTO GO MONDO PATO OBI HP MP PO WBbt ZFA XAO CARO HSO".split()
    },
    "EFO": (7, "http://www.ebi.ac.uk/efo/EFO_"),
    "CVCL": (4, "https://www.cellosaurus.org/CVCL_"),
}
_CVCL: Final = r"[0-9A-Z]{4}"
#: NCBITaxon of organisms that are much imaged: a name with the number of another one is a slip
ORGANISMS: Final = {
    "Homo sapiens": "9606", "Mus musculus": "10090", "Rattus norvegicus": "10116", "Danio rerio": "7955",
    "Drosophila melanogaster": "7227", "Caenorhabditis elegans": "6239", "Saccharomyces cerevisiae": "4932",
    "Arabidopsis thaliana": "3702", "Xenopus laevis": "8355", "Escherichia coli": "562", "Gallus gallus": "9031",
    "unidentified": "32644",  # what the taxonomy has for an organism that nobody knows
}  # fmt: skip
#: FBbi of methods that the template offers
METHODS: Final = {
    "bright-field microscopy": "FBbi:00000243", "differential interference contrast microscopy": "FBbi:00000245",
    "fluorescence microscopy": "FBbi:00000246", "phase contrast microscopy": "FBbi:00000247",
    "confocal microscopy": "FBbi:00000251", "spinning disk confocal microscopy": "FBbi:00000253",
}  # fmt: skip


def reader(*prefixes: str) -> Callable[[str], str]:
    """A function that reads an identifier of one of the ontologies `prefixes` and gives its compact form."""

    def read(text: str) -> str:
        return _compact(text, prefixes)

    return read


def iri(compact: str) -> str:
    """The IRI of a compact identifier that `reader` gave; of an RRID, that of its resolver."""
    prefix, local = re.split("[:_]", compact, maxsplit=1)
    return f"https://identifiers.org/{compact}" if prefix == "RRID" else _KNOWN[prefix][1] + local


def _compact(text: str, prefixes: tuple[str, ...]) -> str:
    bare = re.sub(r"^(?:https?://[^\s]*/|obo:|RRID:\s*)", "", text.strip(), flags=re.I)
    bare = re.sub(r"\s*([:_])\s*", r"\1", bare)
    match = re.fullmatch(r"([A-Za-z]+)[:_]([0-9A-Za-z]+)", bare)
    example = f"{prefixes[0]}:{'0' * (_KNOWN[prefixes[0]][0] - 1)}1"
    if match is None:
        meant = f": did you mean {prefixes[0]}:{bare[:20]}?" if bare.isdecimal() else f", which looks like {example}"
        raise ValueError(f"{text[:80]!r} is no identifier of {_listed(prefixes)}{meant}")
    prefix = next((p for p in _KNOWN if p.lower() == match[1].lower()), match[1])
    if prefix not in prefixes:
        near = difflib.get_close_matches(match[1], prefixes, 1)
        meant = f": did you mean {near[0]}?" if near else f": here it is one of {_listed(prefixes)}"
        raise ValueError(f"{text[:80]!r} is of {match[1][:20]}{meant}")
    digits, local = _KNOWN[prefix][0], match[2]
    form = _CVCL if prefix == "CVCL" else "[0-9]{%s}" % (digits or "1,10")
    if not re.fullmatch(form, local, re.I):
        many = f"{digits} {'signs' if prefix == 'CVCL' else 'digits'}" if digits else "digits alone"
        raise ValueError(f"{text[:80]!r}: after {prefix} come {many}")
    return f"{prefix}{'_' if prefix == 'CVCL' else ':'}{local.upper()}"  # as Cellosaurus writes its own


def _listed(prefixes: tuple[str, ...]) -> str:
    return " or ".join(prefixes)
