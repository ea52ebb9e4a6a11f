"""The names that a run gives away: of people, machines and addresses; and those that are published on purpose."""

from __future__ import annotations

import builtins
import json
import keyword
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from provcap import codec
from provcap.errors import DamagedRecord
from provcap.model import Run

MAX_BYTES: Final = 512 << 20  #: of a run.json or metadata that names are taken from
#: accounts and machines that everybody has: they name nobody
ORDINARY: Final = frozenset(
    "root user users ubuntu debian centos fedora ec2-user admin administrator guest test tester nobody anonymous anon "
    "runner runneradmin vagrant docker jovyan rstudio snakemake mambauser micromamba conda biodocker galaxy node app "
    "builder build ci git www-data daemon default public shared common data projects project software apps opt tmp "
    "scratch lab work workspace linuxbrew you me username yourname myname name someone all-users localhost vm host "
    "hostname localhost.localdomain docker-desktop buildkitsandbox raspberrypi localdomain none null unknown redacted "
    "invalid email host".split()
)
_PSEUDONYM: Final = re.compile(r"(?:user|host|name|address|email)-\d+")
_WORDS: Final = (
    frozenset(keyword.kwlist)
    | {name.lower() for name in dir(builtins)}
    | frozenset(
        "image images label labels table plot cells nuclei model train input inputs output outputs config params rules "
        "results script scripts count sample samples group batch stack master login cluster server head worker".split()
    )
)
SHORT: Final = 4  #: characters; names up to this length are words of their own in too many texts


def is_ordinary(name: str) -> bool:
    """Whether `name` is nobody's: an account or machine that everybody has, or one of our pseudonyms."""
    return len(name) < 2 or name.lower() in ORDINARY or bool(_PSEUDONYM.fullmatch(name)) or name.isdigit()


@dataclass(frozen=True)
class Known:
    """What to look for by name in one crate, and what to pass."""

    users: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    published: frozenset[str] = frozenset()  #: e-mail addresses of authors, which are there on purpose
    narrow: frozenset[str] = frozenset()  #: of these names, what the authors say of the run in their own words
    versions: frozenset[str] = frozenset()  #: of packages: four numbers with dots need not be an address

    @cached_property
    def user(self) -> re.Pattern[str] | None:
        """Finds any of `users` where it stands for itself."""
        return _any_of(self.users, self.narrow)

    @cached_property
    def lower(self) -> tuple[str, ...]:
        """All names in small letters: what has none of them needs no closer look."""
        return tuple({name.lower() for name in self.users | self.hosts})

    @cached_property
    def host(self) -> re.Pattern[str] | None:
        """Finds any of `hosts`."""
        return _any_of(self.hosts, self.narrow, re.I)


def account(name: str, value: str, known: Known) -> str | None:
    """The rule for `value`, a short name of an account or machine that is kept under `name`; None for all others."""
    if name.lower() in ("user", "username", "logname", "account") and value in known.users:
        return "user-name"
    return "host-name" if name.lower() in ("host", "hostname", "node") and value in known.hosts else None


def _any_of(names: Iterable[str], narrowed: frozenset[str], flags: int = 0) -> re.Pattern[str] | None:
    """A name between any signs that are no letters; one that is short or a word, only as a part of a path or an
    address, or alone under a name like ``user``."""
    plain: list[str] = []
    narrow: list[str] = []
    for name in sorted(names, key=lambda n: (-len(n), n)):
        word = len(name) <= SHORT or name.lower() in _WORDS or name in narrowed
        (narrow if word else plain).append(re.escape(name))
    parts = []
    if plain:
        parts.append(rf"(?:(?<![A-Za-z0-9])|(?<=%2F))(?:{'|'.join(plain)})(?![A-Za-z0-9])")
    if narrow:
        inner = "|".join(narrow)
        parts += [
            rf"(?<=/)(?:{inner})(?=[/\"'\s:]|\Z)",
            rf"(?<![\w./@-])(?:{inner})(?=@[A-Za-z0-9])",
            rf"(?<=@)(?:{inner})(?=[:\"'\s]|\Z)",
            rf"(?<=://)(?:{inner})(?=[/:]|\Z)",
            rf"(?:(?<=account=)|(?<=USER=)|(?<=HOSTNAME=)|(?<=LOGNAME=)|(?<=\buser )|(?<=\bhost )|(?<=Host: ))"
            rf"(?:{inner})(?!\w)",
        ]
    return re.compile("|".join(parts), flags) if parts else None


def of_run(run: Run) -> Known:
    """The names in the record of a run."""
    from provcap.redact import rules

    accounts = {
        job.allocation.get("account", "") for job in run.jobs
    }  # of a group, which has the name of a word or lab
    users = {run.user or "", *_owners(run), *accounts}
    hosts = {run.hostname or "", *(h.hostname or "" for h in run.hardware)}
    hosts |= {job.allocation.get("node", "") for job in run.jobs}
    hosts |= {host.partition(".")[0] for host in hosts if not host.partition(".")[0].isdigit()}
    versions = {p.version for e in run.environments for p in e.packages}
    versions |= {m.version for i in run.imports for m in i.modules if m.version}
    people = [person for person in run.study.authors if person.id] if run.study else []
    said = codec.dumps([codec.encode(run.about), codec.encode(people)])
    names = _named(users) | _named(hosts)
    return Known(
        _named(users),
        _named(hosts),
        frozenset(match[0].lower() for match in rules.EMAIL.finditer(said)),
        _named(accounts - {run.user}) | frozenset(name for name in names if _stands_in(name, said)),
        frozenset(v for v in versions if v.count(".") == 3),
    )


def _stands_in(name: str, text: str) -> bool:
    return re.search(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", text) is not None


def _named(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name for name in names if not is_ordinary(name))


def _owners(run: Run) -> Iterator[str]:
    """Whose home directory the work directory and the workflow are in."""
    from provcap.redact.rules import HOME

    for path in (run.workdir, *(source.place for source in run.workflow.sources)):
        yield from (match["name"] for match in HOME.finditer(path))


def of_crate(root: Path) -> Known:
    """The names in the record of the crate in `root`, if it has one, and the addresses that its metadata publishes."""
    found = Known()
    record = root / "provenance/run.json"
    if record.is_file() and record.stat().st_size <= MAX_BYTES:
        try:
            found = of_run(codec.load_run(record.read_bytes()))
        except (DamagedRecord, OSError):
            found = Known()
    return replace(found, published=found.published | _published(root))


def _published(root: Path) -> frozenset[str]:
    """The ``email`` of people, organisations and contact points in the metadata."""
    path = root / "ro-crate-metadata.json"
    try:
        if path.stat().st_size > MAX_BYTES:
            return frozenset()
        graph: Any = json.loads(path.read_bytes())["@graph"]
        entities = [e for e in graph if isinstance(e, dict)]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return frozenset()
    found = set()
    for entity in entities:
        types = entity.get("@type")
        if {"Person", "Organization", "ContactPoint"} & set(types if isinstance(types, list) else [str(types)]):
            values = entity.get("email")
            for value in values if isinstance(values, list) else [values]:
                if isinstance(value, str):
                    found.add(value.removeprefix("mailto:").lower())
            if str(entity.get("@id")).startswith("mailto:"):
                found.add(str(entity["@id"]).removeprefix("mailto:").lower())
    return frozenset(found)
