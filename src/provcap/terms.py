"""Terms of ontologies for rules and formats of files: ``terms.yaml`` in the work directory or in its ``config/``.

rules:
  segment_nuclei: {term: "EDAM:operation_3443", name: Image analysis}
formats:
  .ome.tif: {term: "EDAM:format_3727", name: OME-TIFF}

A term is an IRI, or a prefix and its number (EDAM, or an ontology of the OBO Foundry). One rule may have several, in a
list. Nothing is looked up: what people say is written down as they say it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from provcap import config
from provcap.errors import BadConfig
from provcap.model import Gap, Run, Term

NAME: Final = "terms.yaml"
_IRI: Final = re.compile(r"https?://[^\s<>\"{}|\\^`\x00-\x20]{1,2000}")
_EDAM: Final = re.compile(r"EDAM:((?:data|format|operation|topic)_\d{4})")
_OBO: Final = re.compile(r"(BAO|BTO|CHEBI|CHMO|CL|ERO|FBbi|GO|IAO|MI|MS|NCBITaxon|NCIT|OBI|PATO|SWO|UBERON):(\d{4,10})")
_HINT: Final = "see docs/querying.md"


def read_terms(workdir: Path) -> tuple[tuple[Term, ...], list[Gap]]:
    """What is said; nothing, and a Gap, when the file has errors."""
    path = config.find(workdir, NAME)
    try:
        return load(path) if path else (), []
    except BadConfig as error:
        return (), [Gap("bad-config", "run", error.message)]


def load(path: Path) -> tuple[Term, ...]:
    """The terms in the file at `path`, rules first. Raises BadConfig with the file and the key in its message."""
    plain = config.read(path, _HINT)
    if set(plain) - {"rules", "formats"}:
        raise BadConfig("bad-config", f"{path}: it should have rules, formats, and nothing else", _HINT)
    rules = [Term("rule", s, *t) for s, t in _section(plain.get("rules"), path, "rules")]
    formats = [Term("format", s, *t) for s, t in _section(plain.get("formats"), path, "formats")]
    odd = next((term.subject for term in formats if not re.fullmatch(r"\.[^/\s]{1,60}", term.subject)), None)
    if odd is not None:
        raise BadConfig("bad-config", f"{path}: {odd!r} is no end of a file name", "like .csv or .ome.tif")
    return tuple(dict.fromkeys(rules + formats))


def _section(plain: Any, path: Path, what: str) -> Iterable[tuple[str, tuple[str, str | None]]]:
    if not isinstance(plain, dict | None):
        raise BadConfig("bad-config", f"{path}: {what} should be a mapping of names to terms", _HINT)
    for subject, said in (plain or {}).items():
        for one in said if isinstance(said, list) else [said]:
            yield str(subject), _term(one, path, f"{what}: {subject}")


def _term(said: Any, path: Path, what: str) -> tuple[str, str | None]:
    text, name = (said.get("term"), said.get("name")) if isinstance(said, dict) else (said, None)
    if not isinstance(text, str) or not isinstance(name, str | None) or (name and not name.isprintable()):
        raise BadConfig("bad-config", f"{path}: {what} should be a term, or a term and its name", _HINT)
    edam, obo = _EDAM.fullmatch(text), _OBO.fullmatch(text)
    if edam:
        return f"http://edamontology.org/{edam[1]}", name
    if obo:
        return f"http://purl.obolibrary.org/obo/{obo[1]}_{obo[2]}", name
    if not _IRI.fullmatch(text):
        raise BadConfig("bad-config", f"{path}: {what}: {text!r} is no IRI", "like EDAM:operation_3443 or https://…")
    return text, name


def of_rule(run: Run, rule: str) -> tuple[Term, ...]:
    """What people say that `rule` does."""
    return tuple(term for term in run.about.terms if term.of == "rule" and term.subject == rule)


def of_path(run: Run, path: str) -> tuple[Term, ...]:
    """The format that people say that files named like `path` have; the longest end of a name counts."""
    fitting = [term for term in run.about.terms if term.of == "format" and path.lower().endswith(term.subject.lower())]
    longest = max((len(term.subject) for term in fitting), default=0)
    return tuple(term for term in fitting if len(term.subject) == longest)
