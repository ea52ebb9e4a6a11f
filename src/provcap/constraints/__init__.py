"""PROV-CONSTRAINTS (W3C Recommendation, 2013-04-30) for the statements that provcap writes.

`ProvDocument.unified` merges statements (constraints 22 and 23) and looks no further. Here are uniqueness (22 to 29),
the order of events (30 to 47 and 49), and typing and impossibility (50 to 56). Left out is 48 (attribution), which
provcap does not write. An argument that is not given is unknown and contradicts nothing; that is right but for plans
and for derivations without an activity, where the Recommendation reads ``-`` as "there is none".

The Recommendation orders events and leaves times alone; a time that contradicts the order is reported here under the
constraint that sets the order, because it is the sign of a clock or of a bug.
"""

from __future__ import annotations

from prov.model import ProvDocument

from provcap.constraints.facts import Violation, gather
from provcap.constraints.order import ordered
from provcap.constraints.statements import impossible, same_id, typed, unique

__all__ = ["Violation", "violations"]


def violations(document: ProvDocument) -> list[Violation]:
    """All broken constraints of `document` and of its bundles, each of which stands for itself (section 7.2)."""
    found: list[Violation] = []
    for bundle in (document, *document.bundles):
        facts = gather(bundle)
        for check in (same_id, unique, typed, impossible, ordered):
            found += check(facts)
    return found
