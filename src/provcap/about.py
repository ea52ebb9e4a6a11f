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

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from provcap import config
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
        keywords=tuple(str(k) for k in _list(plain, "keywords", path)),
        authors=tuple(_agent(author, path, "authors") for author in _list(plain, "authors", path)),
        publisher=_organization(plain, "publisher", path),
        operator=_agent(operator, path, "operator") if operator is not None else None,
    )


def _agent(said: Any, path: Path, what: str) -> Agent:
    plain = config.mapping(said, path, what, _HINT)
    return Agent(
        name=_required(plain, "name", path),
        id=_orcid(str(plain["orcid"]), path) if plain.get("orcid") else None,
        affiliation=_organization(plain, "affiliation", path),
    )


def _organization(whose: dict[str, Any], key: str, path: Path) -> Organization | None:
    if whose.get(key) is None:
        return None
    plain = config.mapping(whose[key], path, key, _HINT)
    ror = _text(plain, "ror", path)
    if ror and not re.fullmatch(r"https://ror\.org/0[a-hj-km-np-tv-z0-9]{6}[0-9]{2}", ror):
        raise BadConfig("bad-config", f"{path}: {ror!r} is not a ROR URL", "like https://ror.org/05gq02987")
    return Organization(name=_required(plain, "name", path), id=ror, url=_text(plain, "url", path))


def _orcid(text: str, path: Path) -> str:
    """The URL of an ORCID with a right check digit (ISO 7064 MOD 11-2, as ORCID's documentation gives it)."""
    digits = text.rsplit("/", 1)[-1].replace("-", "")
    total = 0
    if re.fullmatch(r"\d{15}[\dX]", digits):
        for digit in digits[:15]:
            total = (total + int(digit)) * 2
        if "0123456789X"[(12 - total % 11) % 11] == digits[15]:
            return "https://orcid.org/" + "-".join(digits[i : i + 4] for i in range(0, 16, 4))
    raise BadConfig("bad-config", f"{path}: {text!r} is not an ORCID", "four groups of four, like 0000-0002-1825-0097")


def _list(plain: dict[str, Any], key: str, path: Path) -> list[Any]:
    value = plain.get(key) or []
    if not isinstance(value, list):
        raise BadConfig("bad-config", f"{path}: {key} should be a list", _HINT)
    return value


def _text(plain: dict[str, Any], key: str, path: Path) -> str | None:
    value = plain.get(key)
    if value is None:
        return None
    if not isinstance(value, str | int | float):
        raise BadConfig("bad-config", f"{path}: {key} should be a text", _HINT)
    return str(value)


def _required(plain: dict[str, Any], key: str, path: Path) -> str:
    value = _text(plain, key, path)
    if not value:
        raise BadConfig("bad-config", f"{path}: {key} is missing", _HINT)
    return value
