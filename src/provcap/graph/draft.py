"""A PROV document in the making: names, attributes and the gaps that belong to each thing.

Every local name is an NCName (letters, digits, ``-``, ``_``, ``.``), so that it can be written without an escape in
PROV-N, Turtle and PROV-XML (XML Schema QName). The readable part is a hint; what makes it unique is the hash at its
end. The path as it is on disk is in ``prov:label`` and ``prov:location``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeAlias
from urllib.parse import quote

from prov.constants import PROV_LABEL, PROV_TYPE
from prov.identifier import Identifier, Namespace, QualifiedName
from prov.model import ProvDocument

from provcap import digest
from provcap.errors import DamagedRecord
from provcap.model import Run

WFPROV = Namespace("wfprov", "http://purl.org/wf4ever/wfprov#")
SCHEMA = Namespace("schema", "http://schema.org/")
TERMS = Namespace("provcap", "https://w3id.org/provcap/terms#")
READABLE = 48  #: characters of a path in a local name: its end says more than its beginning

Scalar: TypeAlias = str | int | float | bool | QualifiedName | Identifier | None
Value: TypeAlias = Scalar | Iterable[str]
Attributes: TypeAlias = list[tuple[QualifiedName, Scalar]]

#: a scheme, and nothing that RFC 3987 leaves out (blanks, controls, braces, quotes)
_IRI = re.compile(r"""[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>"{}|\\^`\x7f-\x9f]+""")
_UNSAFE = re.compile(r"[^A-Za-z0-9_.]+")
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Draft:
    """The document, the namespace of its run, and what is not known of what."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.document = ProvDocument()
        for namespace in (TERMS, WFPROV, SCHEMA):
            self.document.add_namespace(namespace)
        self.namespace = self.document.add_namespace("run", run_iri(run.id))
        self.activity = self.namespace["run"]
        self._earlier: dict[str, Namespace] = {}
        self._gaps: dict[str, list[str]] = {}
        self._told: set[str] = set()
        for gap in run.gaps:
            self._gaps.setdefault(gap.subject, []).append(f"{gap.slug}: {gap.message}")

    def name(self, kind: str, readable: str, *identity: str) -> QualifiedName:
        """The name in this run of what `identity` tells from all others of its kind."""
        return self.namespace[local_name(kind, readable, *identity)]

    def namespace_of(self, run_id: str) -> Namespace:
        """The namespace of the run `run_id`, so that its own document names the same things alike."""
        if run_id == self.run.id:
            return self.namespace
        if run_id not in self._earlier:
            prefix = f"earlier{len(self._earlier) + 1}"
            self._earlier[run_id] = self.document.add_namespace(prefix, run_iri(run_id))
        return self._earlier[run_id]

    def gaps(self, *subjects: str) -> list[str]:
        """What is not known of any of `subjects`."""
        self._told.update(subjects)
        return [told for subject in subjects for told in self._gaps.get(subject, ())]

    def gaps_left(self) -> list[str]:
        """The gaps about nothing that was told of so far."""
        return self.gaps(*(subject for subject in self._gaps if subject not in self._told))


def run_iri(run_id: str) -> str:
    """The namespace IRI of a run; stable, and never resolved."""
    return f"urn:provcap:run:{quote(run_id, safe='')}/"


def local_name(kind: str, readable: str, *identity: str) -> str:
    """An NCName (Namespaces in XML, production 4) for what `identity` tells apart."""
    key = "\0".join((kind, *identity)).encode("utf-8", "surrogatepass")
    hashed = digest.of_bytes(key).removeprefix("sha256:")[:12]
    hint = _UNSAFE.sub("-", readable)[-READABLE:].strip("-.")
    return f"{kind}-{hint}-{hashed}" if hint else f"{kind}-{hashed}"


def attributes(types: Iterable[QualifiedName], label: str | None, more: Mapping[QualifiedName, Value]) -> Attributes:
    """Attributes of a record, without those that are not known."""
    pairs: Attributes = [(PROV_TYPE, kind) for kind in types]
    if label is not None:
        pairs.append((PROV_LABEL, plain(label)))
    for name, value in more.items():
        if isinstance(value, str):
            pairs.append((name, plain(value)))
        elif isinstance(value, int | float | Identifier):
            pairs.append((name, value))
        elif value is not None:
            pairs.extend((name, text) for text in dict.fromkeys(map(plain, value)))
    return pairs


def plain(text: str) -> str:
    """`text` with U+FFFD for what XML 1.0 cannot say (production 2: terminal colours, undecodable bytes of names)."""
    return _UNWRITABLE.sub("\ufffd", text)


def iri(text: str | None) -> Identifier | str | None:
    """An IRI as an IRI; what cannot be one as the text that it is."""
    if not text:
        return None
    return Identifier(text) if _IRI.fullmatch(text) and plain(text) == text else plain(text)


def pairs(values: Mapping[str, object]) -> list[str]:
    """``name=value`` for each item, by name: text as it is, anything else as JSON."""
    return [f"{k}={v if isinstance(v, str) else json.dumps(v, ensure_ascii=False)}" for k, v in sorted(values.items())]


def moment(text: str | None) -> datetime | None:
    """The time that an ISO 8601 `text` tells. Raises DamagedRecord when it tells none."""
    try:
        return None if text is None else datetime.fromisoformat(text)
    except ValueError as error:
        raise DamagedRecord("damaged-record", f"not a time: {text!r}") from error
