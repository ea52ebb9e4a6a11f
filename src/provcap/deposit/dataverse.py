"""Dataverse, by its native API (https://guides.dataverse.org/en/latest/api/native-api.html).

A dataset has its DOI from the moment it is made. It carries the crate's digest as "other identifier": when the answer
to the request that made it was lost, the user's own drafts are searched for it, so that a crate becomes one dataset.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote, urlsplit

from provcap.deposit import dataverse_metadata
from provcap.deposit.address import refuse_unsafe
from provcap.deposit.archive import Item, Receipt, Target
from provcap.deposit.dataverse_files import Files
from provcap.deposit.description import Description
from provcap.deposit.limits import limits_of
from provcap.deposit.state import State
from provcap.deposit.transport import Refused, Transport
from provcap.errors import ProvcapError

Plain = dict[str, Any]
SETTLED_S: Final = 6.0  #: after which what was made is found by a search


class Dataverse:
    """An installation of Dataverse; the community is the alias of a collection, without one the root collection."""

    name = "dataverse"

    def __init__(self, target: Target) -> None:
        self.target = target
        self.limits = limits_of(self.name, target.settings)
        if not target.url:
            raise ProvcapError("bad-url", "dataverse has no URL", "--url https://…, or url in config/deposit.yaml")
        refuse_unsafe(target.url)
        dataverse_metadata.require(target.settings)  # before anything else: also a dry run should say it
        parts = urlsplit(target.url)
        self.place = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix('/api')}/api"
        self._opened: Transport | None = None

    @property
    def http(self) -> Transport:
        """Opened when it is needed: a plan needs no token."""
        if self._opened is None:
            self._opened = Transport(self.place, self.target.token(), lambda token: ("X-Dataverse-key", token))
        return self._opened

    def begin(self, description: Description, state: State) -> Receipt:
        """See Archive.begin."""
        marker = f"hash://sha256/{state.crate.removeprefix('sha256:')}"
        licences = _data(self.http.call("GET", "licenses"))
        known = licences if isinstance(licences, list) else []
        version = dataverse_metadata.version(description, self.target.settings, marker, known)
        if description.license and "license" not in version:
            self.target.say(f"the archive has no licence {description.license}: it stands in the terms of use")
        record = self._remembered(state, marker)
        if record is None:
            record = self._made(version, state)
        elif self._state_of(record) == "RELEASED" and not self.target.new_version:
            state.note(record=record, asked=None)
            return self._receipt(record, True)
        else:
            self.http.call("PUT", _where(record, "/versions/:draft"), plain=version)
        state.note(record=record, asked=None)
        return self._receipt(record, False)

    def upload(self, items: Sequence[Item], state: State) -> None:
        """See Archive.upload."""
        settings = self.target.settings
        if settings.embargo:
            self.target.say("Dataverse sets embargoes on its pages only: set it there before you publish")
        closed = settings.access == "restricted" or settings.embargo is not None
        Files(self.http, str(state.facts["record"]), state, closed).bring(items)

    def publish(self, state: State) -> Receipt:
        """See Archive.publish. A workflow of the installation may hold it back for a while."""
        record = str(state.facts["record"])
        if self._state_of(record) != "RELEASED":
            where = _where(record, "/actions/:publish") + "&type=major"
            self.http.call("POST", where, again=False)
        return self._receipt(record, self._state_of(record) == "RELEASED")

    def _remembered(self, state: State, marker: str) -> str | None:
        """The dataset of this crate: noted, named by the user, or found by `marker` after an answer was lost."""
        stated = state.facts.get("record") or self.target.new_version
        if not stated and self.target.draft not in (None, "new"):
            stated = self.target.draft
        if stated:
            return _persistent(str(stated))
        if state.facts.get("asked") and self.target.draft != "new":
            time.sleep(SETTLED_S)
            wanted = quote(f'otherIdValue:"{marker}"')
            data = _data(self.http.call("GET", f"search?type=dataset&per_page=10&q={wanted}"))
            found = [item.get("global_id") for item in data.get("items", [])] if isinstance(data, dict) else []
            return str(found[0]) if found else None
        return None

    def _made(self, version: Plain, state: State) -> str:
        state.note(asked=True)
        collection = quote(self.target.community or self.target.settings.community or ":root", safe=":")
        try:
            answer = self.http.call(
                "POST", f"dataverses/{collection}/datasets", plain={"datasetVersion": version}, again=False
            )
        except Refused:
            state.note(asked=None)
            raise
        record = _data(answer).get("persistentId")
        if not isinstance(record, str):
            raise ProvcapError("archive-refused", f"{self.place} made a dataset and did not name it", "look there")
        return record

    def _state_of(self, record: str) -> str | None:
        """DRAFT or RELEASED, of the latest version."""
        data = _data(self.http.call("GET", _where(record, "")))
        latest = data.get("latestVersion")
        return latest.get("versionState") if isinstance(latest, dict) else None

    def _receipt(self, record: str, published: bool) -> Receipt:
        doi = record.removeprefix("doi:") if record.startswith("doi:") else None
        site = self.place.removesuffix("/api")
        page = f"{site}/dataset.xhtml?persistentId={quote(record, safe=':/')}"
        return Receipt(record, page if published else f"{page}&version=DRAFT", doi, published)


def _persistent(stated: str) -> str:
    """A persistent identifier as Dataverse writes it, ``doi:…`` or ``hdl:…``; case is left, as it minds it."""
    for prefix, scheme in (("https://doi.org/", "doi:"), ("https://hdl.handle.net/", "hdl:")):
        if stated.startswith(prefix):
            return scheme + stated.removeprefix(prefix)
    return stated if stated.startswith(("doi:", "hdl:", "perma:")) else f"doi:{stated}"


def _where(record: str, rest: str) -> str:
    return f"datasets/:persistentId{rest}?persistentId={quote(record, safe='')}"


def _data(answer: Any) -> Any:
    """What the server answers: ``{"status": "OK", "data": …}``."""
    data = answer.get("data") if isinstance(answer, dict) else None
    return data if isinstance(data, list) else data if isinstance(data, dict) else {}
