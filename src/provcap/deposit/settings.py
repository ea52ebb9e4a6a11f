"""``config/deposit.yaml``: where a crate goes and what the archive is told of it; a commented example lies in
``config/deposit.yaml`` of provcap, its schema in ``deposit.schema.json``."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Final, Literal

from provcap import config, identifiers
from provcap.deposit.description import Funding, Related
from provcap.errors import BadConfig
from provcap.model import Agent, Organization
from provcap.redact.finding import Allowed

NAME: Final = "deposit.yaml"
HINT: Final = "see docs/depositing.md"
_SECRET_KEY: Final = re.compile(r"token|secret|passw|api[_-]?key|credential|bearer|authori[sz]ation", re.I)
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
_IN_URL: Final = re.compile(r"://[^/?#\s]*@|[?&](?:access_token|token|key|api_key|apikey|secret)=", re.I)
_LONG: Final = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[A-Za-z0-9_\-]{32,}|(?:gh[pousr]_|glpat-)\w{16,}")
_WAY_OUT: Final = (
    "tokens come from the environment, the keyring or a file of mode 0600, see docs/depositing.md; "
    "if this one is real, take it out and revoke it"
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What ``deposit.yaml`` says; None or empty where it says nothing."""

    archive: str | None = None
    url: str | None = None
    community: str | None = None  #: of InvenioRDM; the alias of the collection in Dataverse
    title: str | None = None
    description: str | None = None
    license: str | None = None
    keywords: tuple[str, ...] = ()
    creators: tuple[Agent, ...] = ()
    publisher: str | None = None
    publication_date: str | None = None
    language: str | None = None
    version: str | None = None
    resource_type: str | None = None
    funding: tuple[Funding, ...] = ()
    related: tuple[Related, ...] = ()
    access: Literal["open", "restricted"] = "open"
    embargo: str | None = None  #: ISO date until which the files stay closed
    contact: str | None = None  #: e-mail address, which Dataverse shows to nobody
    subjects: tuple[str, ...] = ()  #: Dataverse's subjects, in its words
    limits: dict[str, int] = field(default_factory=dict)  #: files, file_bytes, total_bytes of this installation
    allow: tuple[Allowed, ...] = ()


def read_settings(workdir: Path) -> Settings:
    """What ``deposit.yaml`` in `workdir`, or in its ``config/``, says. Raises BadConfig."""
    path = config.find(workdir, NAME)
    return load(path) if path else Settings()


def load(path: Path) -> Settings:
    """The Settings in the file at `path`. Raises BadConfig with the file and the key in its message, and never with a
    value that looks like a token."""
    try:
        plain = config.read(path, HINT)
    except BadConfig as error:
        raise BadConfig("bad-config", _without_excerpt(error, path), HINT) from None  # YAML's errors quote the file
    refuse_tokens(plain, path)
    _validate(plain, path)
    known = {k: v for k, v in plain.items() if v is not None}
    lists = {k: tuple(str(v) for v in known.pop(k, ())) for k in ("keywords", "subjects")}
    made: dict[str, Any] = {
        "creators": tuple(_agent(c, path) for c in known.pop("creators", ())),
        "funding": tuple(_funding(f, path) for f in known.pop("funding", ())),
        "related": tuple(_related(r, path) for r in known.pop("related", ())),
        "allow": tuple(Allowed(a["rule"], a["where"], a["because"]) for a in known.pop("allow", ())),
        "limits": dict(known.pop("limits", {})),
    }
    texts = {k: str(v) for k, v in known.items()}
    return Settings(**texts, **lists, **made)  # type: ignore[arg-type]  # the schema has seen `access`


def _without_excerpt(error: BadConfig, path: Path) -> str:
    mark = getattr(error.__cause__, "problem_mark", None)
    where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    known = error.message if "larger than" in error.message or "should be a mapping" in error.message else None
    return known or f"{path}{where}: cannot be read as YAML"


def refuse_tokens(plain: dict[str, Any], path: Path) -> None:
    """Raise BadConfig, which does not quote it, when a key or value in `plain` (the file at `path`) looks secret."""
    for where, key, value in _walk(plain):
        identified = where == "community" and _UUID.fullmatch(str(value))  # InvenioRDM's own id of one
        if _SECRET_KEY.search(key) or (isinstance(value, str) and looks_secret(value) and not identified):
            raise BadConfig("token-in-config", f"{path}: {where or key} looks like a token or a password", _WAY_OUT)


def looks_secret(text: str) -> bool:
    """Whether a word of `text` has the form of an access token: of InvenioRDM (60 random characters), Dataverse (a
    UUID), of a forge, or a URL with one in it."""
    if _IN_URL.search(text):
        return True
    words = re.split(r"[\s,;'\"=]+", text)
    return any(_UUID.fullmatch(w) or (_LONG.fullmatch(w) and _entropy(w) > 3.5) for w in words)


def _entropy(word: str) -> float:
    """Bits a character: Shannon, doi:10.1002/j.1538-7305.1948.tb01338.x."""
    shares = [word.count(c) / len(word) for c in set(word)]
    return -sum(p * math.log2(p) for p in shares)


def _walk(plain: Any, where: str = "", depth: int = 0) -> Iterator[tuple[str, str, Any]]:
    """Place, key and value of everything in `plain`; a place names keys and numbers only."""
    if depth > 20:
        return
    if isinstance(plain, dict):
        for key, value in plain.items():
            name = str(key) if re.fullmatch(r"\w{1,40}", str(key)) and not looks_secret(str(key)) else "a key"
            place = f"{where}.{name}" if where else name
            yield place, str(key), value
            yield place, "", str(key)
            yield from _walk(value, place, depth + 1)
    elif isinstance(plain, list):
        for number, value in enumerate(plain, 1):
            yield f"{where}[{number}]", "", value
            yield from _walk(value, f"{where}[{number}]", depth + 1)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the file."""
    text = (resources.files("provcap.deposit") / "deposit.schema.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def _validate(plain: dict[str, Any], path: Path) -> None:
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

    errors = sorted(Draft202012Validator(schema()).iter_errors(_as_json(plain)), key=lambda e: str(list(e.path)))
    if errors:
        first = errors[0]
        place = ".".join(map(str, first.path)) or "the file"
        raise BadConfig("bad-config", f"{path}: {place}: {' '.join(first.message.split())[:200]}", HINT)


def _as_json(value: Any) -> Any:
    """YAML knows dates and keys that are no text; JSON does not."""
    if isinstance(value, dict):
        return {str(k): _as_json(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_as_json(v) for v in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _agent(plain: dict[str, Any], path: Path) -> Agent:
    said = plain.get("affiliation")
    place = Organization(said["name"], _checked(said, "ror", path), said.get("url")) if said else None
    return Agent(plain["name"], _checked(plain, "orcid", path), place)


def _funding(plain: dict[str, Any], path: Path) -> Funding:
    award, url = plain.get("award"), plain.get("url")
    return Funding(
        plain["funder"], _checked(plain, "ror", path), str(award) if award else None, plain.get("title"), url
    )


def _related(plain: dict[str, Any], path: Path) -> Related:
    try:
        scheme, identifier = identifiers.recognise(plain["identifier"])
    except ValueError as error:
        raise BadConfig("bad-config", f"{path}: related: {error}", HINT) from error
    return Related(identifier, scheme, plain["relation"], plain.get("type"))


def _checked(plain: dict[str, Any], key: str, path: Path) -> str | None:
    """The URL of the ORCID or ROR that stands in `plain` under `key`."""
    if not plain.get(key):
        return None
    try:
        return {"orcid": identifiers.orcid, "ror": identifiers.ror}[key](plain[key])
    except ValueError as error:
        raise BadConfig("bad-config", f"{path}: {error}", HINT) from error
