"""What people say of a run: ``provcap.yaml`` in the work directory or in its ``config/``.

title: Nuclei in colon tissue
description: One paragraph on what was done and why.
license: CC-BY-4.0
keywords: [immunohistochemistry, segmentation]
authors:
  - name: Josiah Carberry
    orcid: 0000-0002-1825-0097
    affiliation: {name: Brown University, ror: https://ror.org/05gq02987, url: https://www.brown.edu}
publisher: {name: Brown University, ror: https://ror.org/05gq02987, url: https://www.brown.edu}
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from provcap import config, identifiers
from provcap.errors import BadConfig
from provcap.model import About, Agent, Gap, Organization
from provcap.terms import read_terms

NAME: Final = "provcap.yaml"
_HINT: Final = "see docs/crate.md"
_KNOWN = {"title", "description", "license", "keywords", "authors", "publisher", "operator"}


def read_about(workdir: Path) -> tuple[About, list[Gap]]:
    """What is said, and a Gap for what a crate wants to know and nobody said. A file with errors is a Gap too."""
    about, gaps = _read(workdir)
    terms, more = read_terms(workdir)
    return replace(about, terms=terms), gaps + more


def _read(workdir: Path) -> tuple[About, list[Gap]]:
    path = config.find(workdir, NAME)
    try:
        about = load(path) if path else About()
    except BadConfig as error:
        return About(), [Gap("bad-config", "run", error.message)]
    if path:
        return about, _unsaid(about)
    return about, [Gap("not-described", "run", f"no {NAME} says title, licence and authors")]


def _unsaid(about: About) -> list[Gap]:
    said = {"licence": about.license, "authors": about.authors, "title": about.title}
    return [Gap("not-described", "run", f"{NAME} gives no {name}") for name, value in said.items() if not value]


def load(path: Path) -> About:
    """The About in the file at `path`. Raises BadConfig with the file and the key in its message."""
    plain = config.read(path, _HINT)
    unknown = set(plain) - _KNOWN
    if unknown:
        raise BadConfig(
            "bad-config", f"{path}: unknown key {sorted(map(str, unknown))[0]!r}", f"known: {', '.join(sorted(_KNOWN))}"
        )
    texts: dict[str, Any] = {key: _text(plain, key, path) for key in ("title", "description", "license")}
    operator = plain.get("operator")
    return About(
        **texts,
        keywords=tuple(_word(keyword, path) for keyword in _list(plain, "keywords", path)),
        authors=tuple(_agent(author, path, "authors") for author in _list(plain, "authors", path)),
        publisher=_organization(plain, "publisher", path),
        operator=_agent(operator, path, "operator") if operator is not None else None,
    )


def _agent(said: Any, path: Path, what: str) -> Agent:
    plain = config.mapping(said, path, what, _HINT)
    return Agent(
        name=_required(plain, "name", path),
        id=_identifier(plain, "orcid", identifiers.orcid, path),
        affiliation=_organization(plain, "affiliation", path),
    )


def _organization(whose: dict[str, Any], key: str, path: Path) -> Organization | None:
    if whose.get(key) is None:
        return None
    plain = config.mapping(whose[key], path, key, _HINT)
    ror = _identifier(plain, "ror", identifiers.ror, path)
    return Organization(name=_required(plain, "name", path), id=ror, url=_text(plain, "url", path))


def _identifier(plain: dict[str, Any], key: str, read: Callable[[str], str], path: Path) -> str | None:
    """What stands under `key`, in its normal form."""
    stated = _text(plain, key, path)
    try:
        return read(stated) if stated else None
    except ValueError as error:
        raise BadConfig("bad-config", f"{path}: {error}", _HINT) from error


def _list(plain: dict[str, Any], key: str, path: Path) -> list[Any]:
    value = plain.get(key) or []
    if not isinstance(value, list):
        raise BadConfig("bad-config", f"{path}: {key} should be a list", _HINT)
    return value


def _text(plain: dict[str, Any], key: str, path: Path) -> str | None:
    value = plain.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadConfig("bad-config", f"{path}: {key} should be a text", _HINT)
    return str(value)


def _word(keyword: Any, path: Path) -> str:
    if isinstance(keyword, bool) or not isinstance(keyword, str | int | float):
        raise BadConfig("bad-config", f"{path}: keywords should be texts", _HINT)
    return str(keyword)


def _required(plain: dict[str, Any], key: str, path: Path) -> str:
    value = _text(plain, key, path)
    if not value:
        raise BadConfig("bad-config", f"{path}: {key} is missing", _HINT)
    return value
