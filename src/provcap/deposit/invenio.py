"""InvenioRDM, as Zenodo runs it, by its REST API (https://inveniordm.docs.cern.ch/reference/rest_api_drafts_records/).

A draft carries the crate's digest as an alternate identifier. Before a draft is made the user's own are searched for
it: so a crate becomes one record, also when the answer to the request that made the draft was lost.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote, urlsplit

from provcap.deposit import invenio_metadata
from provcap.deposit.address import refuse_unsafe
from provcap.deposit.archive import Item, Receipt, Target
from provcap.deposit.description import Description
from provcap.deposit.invenio_files import Files
from provcap.deposit.limits import limits_of
from provcap.deposit.state import State
from provcap.deposit.transport import Refused, Transport, Unreachable
from provcap.errors import ProvcapError

SETTLED_S: Final = 6  #: after which what a request has made is found by a search
_ATTEMPTS: Final = 3
_FEW: Final = 2  #: tries of what may not be there at all
_GONE: Final = (404, 410)

Plain = dict[str, Any]


def api(url: str) -> str:
    """Where the API of the server at `url` is. Raises ProvcapError for an unsafe URL."""
    refuse_unsafe(url)
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{path if path.endswith('/api') else path + '/api'}"


class Invenio:
    """An archive that runs InvenioRDM."""

    name = "invenio"
    default: str | None = None  #: its URL, when there is but one

    def __init__(self, target: Target) -> None:
        self.target = target
        self.limits = limits_of(self.name, target.settings)
        url = target.url or self.default
        if not url:
            raise ProvcapError("bad-url", "there are many archives of this kind: which?", "--url https://…")
        self.place = api(url)
        self._opened: Transport | None = None
        self._known: dict[tuple[str, str], bool] = {}

    @property
    def http(self) -> Transport:
        """Opened when it is needed: a plan needs no token."""
        if self._opened is None:
            self._opened = Transport(self.place, self.target.token())
        return self._opened

    def begin(self, description: Description, state: State) -> Receipt:
        """See Archive.begin."""
        draft = self._remembered(state) or self._found(state)
        if draft is not None and draft.get("is_published"):
            state.note(record=str(draft["id"]), asked=None)
            return self._receipt(draft, True)
        body = self._body(description, state)
        draft = draft or self._made(body, state)
        state.note(record=str(draft["id"]), asked=None)
        draft = self._described(draft, body)
        doi = self._reserved(draft, state)
        self._reviewed(str(draft["id"]), state)
        receipt = self._receipt(draft, False)
        return Receipt(receipt.record, receipt.url, doi, False)

    def upload(self, items: Sequence[Item], state: State) -> None:
        """See Archive.upload."""
        Files(self.http, str(state.facts["record"]), state, self.target.say).bring(items)

    def publish(self, state: State) -> Receipt:
        """See Archive.publish. A draft for a community is handed in there, and is published when it is accepted."""
        record = str(state.facts["record"])
        action = "submit-review" if state.facts.get("community") else "publish"
        for attempt in range(1, _ATTEMPTS + 1):
            draft = self._read(record)
            if draft is None:
                raise _vanished(record, self.place)
            if draft.get("is_published") or draft.get("status") == "in_review":
                return self._receipt(draft, bool(draft.get("is_published")))
            try:
                self.http.call("POST", f"{_draft(record)}/actions/{action}", plain={}, again=False)
            except Unreachable:
                if attempt == _ATTEMPTS:
                    raise
            except Refused as error:
                raise _rejected(error) from None
        return self._receipt(self._read(record) or {}, action == "publish")

    def _body(self, description: Description, state: State) -> Plain:
        settings = self.target.settings
        metadata = invenio_metadata.metadata(description, state.crate, self._knows, self.target.say)
        access: Plain = {"record": "public", "files": "public" if settings.access == "open" else "restricted"}
        if settings.embargo:
            access |= {"files": "restricted", "embargo": {"active": True, "until": settings.embargo}}
        return {"access": access, "files": {"enabled": True}, "metadata": metadata}

    def _knows(self, vocabulary: str, identifier: str) -> bool:
        """Whether this server has `identifier`; what it does not answer is taken for no."""
        key = vocabulary, identifier
        if key not in self._known:
            own = vocabulary in ("affiliations", "funders")
            where = f"{'' if own else 'vocabularies/'}{vocabulary}/{quote(identifier, safe='')}"
            try:
                self.http.call("GET", where, tries=_FEW)
                self._known[key] = True
            except Refused as error:
                if error.status == 401:
                    raise
                self._known[key] = False
            except Unreachable:
                self._known[key] = False
        return self._known[key]

    def _remembered(self, state: State) -> Plain | None:
        """The draft that `state` knows, or that the user names."""
        record = state.facts.get("record") or (self.target.draft if self.target.draft != "new" else None)
        if record is None:
            return None
        draft = self._read(str(record))
        if draft is None and self.target.draft is not None:
            raise _vanished(str(record), self.place)
        if draft is None:
            self.target.say(f"the draft {record} is no longer there: a new one is made")
            state.note(record=None, doi=None, no_doi=None, community=None, asked=None)
        return draft

    def _made(self, body: Plain, state: State) -> Plain:
        """A new draft, or the one that a request has made whose answer was lost."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                if self.target.new_version:
                    return self._versioned(self.target.new_version, state)
                state.note(asked=time.time())
                return invenio_metadata.answered(self.http.call("POST", "records", plain=body, again=False))
            except Refused as error:
                state.note(asked=None)
                raise _rejected(error) from None
            except Unreachable as error:
                if error.undone:
                    state.note(asked=None)
                    raise
                try:
                    found = self._found(state)
                except ProvcapError:
                    raise error from None  # the archive is out of order altogether
                if found is not None:
                    return found
                if attempt == _ATTEMPTS:
                    raise
        raise AssertionError

    def _found(self, state: State) -> Plain | None:
        """The record, or else the draft, that carries this crate's digest. A search may lag behind what was made a
        moment ago, so it is repeated when a request was under way."""
        asked = state.facts.get("asked") if self.target.draft != "new" else None
        recent = isinstance(asked, int | float) and abs(time.time() - asked) < SETTLED_S
        for _ in range(SETTLED_S if recent else 1):
            hits = self._search(invenio_metadata.marker(state.crate))
            if hits is None and asked is None:
                self.target.say("the archive could not be searched for a draft that this crate may have there already")
            if hits is None and asked is not None:
                message = f"{self.place} does not say whether it has made a draft for this crate"
                hint = "try again later, or look there: if it has, go on with --draft ID, else with --draft new"
                raise ProvcapError("draft-unclear", message, hint)
            if hits:
                return max(hits, key=lambda hit: bool(hit.get("is_published")))
            if recent:
                time.sleep(1)
        return None

    def _search(self, marker: str) -> list[Plain] | None:
        """The user's own records and drafts with `marker`; None when the server cannot say."""
        query = quote(f'metadata.identifiers.identifier:"{marker}"')
        try:
            answer = self.http.call("GET", f"user/records?q={query}&size=25&sort=newest", tries=_FEW)
            hits = answer["hits"]["hits"]
            return [hit for hit in hits if marker in invenio_metadata.identifiers_of(hit)]
        except Refused as error:
            if error.status in (401, 403):
                raise
            return None
        except (Unreachable, LookupError, TypeError):
            return None

    def _versioned(self, record: str, state: State) -> Plain:
        """The draft of the next version of `record`: a server has one at most, and gives it again when asked again."""
        name = record.rstrip("/").rpartition("/")[2].removeprefix("zenodo.")  # of a URL or DOI
        before = self._read(name) or {}
        draft = invenio_metadata.answered(self.http.call("POST", f"records/{quote(name, safe='')}/versions"))
        other = [
            i
            for i in invenio_metadata.identifiers_of(draft)
            if i.startswith("hash://sha256/") and i not in invenio_metadata.identifiers_of(before)
        ]
        if other and invenio_metadata.marker(state.crate) not in other:
            message = f"{name} has a draft of its next version already, {draft['id']}, with another crate"
            raise ProvcapError("draft-in-use", message, "publish or discard that one first")
        return draft

    def _read(self, record: str) -> Plain | None:
        """The draft, or else the record, called `record`; None when there is neither."""
        for where in (_draft(record), f"records/{quote(record, safe='')}"):
            try:
                return invenio_metadata.answered(self.http.call("GET", where))
            except Refused as error:
                if error.status not in (*_GONE, 403):
                    raise
                forbidden = error if error.status == 403 else None
        if forbidden is not None:
            raise forbidden
        return None

    def _described(self, draft: Plain, body: Plain) -> Plain:
        """The draft with the metadata of today; a DOI that was reserved stays."""
        try:
            pids = draft.get("pids") or {}
            answer = invenio_metadata.answered(self.http.call("PUT", _draft(draft["id"]), plain={**body, "pids": pids}))
        except Refused as error:
            raise _rejected(error) from None
        for line in invenio_metadata.complaints({"errors": answer.get("errors")}):
            if not line.startswith("files.enabled"):  # they come yet
                self.target.say(f"before it can be published the archive wants: {line}")
        return answer

    def _reserved(self, draft: Plain, state: State) -> str | None:
        """The DOI that the draft has, or is given now."""
        found = invenio_metadata.doi_of(draft)
        if found is None and not state.facts.get("no_doi"):
            try:
                found = invenio_metadata.doi_of(self.http.call("POST", f"{_draft(draft['id'])}/pids/doi", tries=_FEW))
            except Unreachable:
                pass
            except Refused as error:
                if error.status in (401, 403):
                    raise
            if found is None:
                self.target.say("this archive reserves no DOI before publishing, so none is written into the crate")
        state.note(doi=found, no_doi=None if found else True)
        return found

    def _reviewed(self, record: str, state: State) -> None:
        """Meant for the community that the user names."""
        wanted = self.target.community or self.target.settings.community
        if not wanted or state.facts.get("community") == wanted:
            return
        try:
            community = self.http.call("GET", f"communities/{quote(wanted, safe='')}")["id"]
            receiver = {"receiver": {"community": community}, "type": "community-submission"}
            self.http.call("PUT", f"{_draft(record)}/review", plain=receiver)
        except Refused as error:
            message = f"the draft {record} cannot be meant for the community {wanted!r}: {error.message}"
            raise ProvcapError("unknown-community", message, "its name is the end of its URL") from None
        state.note(community=wanted)

    def _receipt(self, draft: Plain, published: bool) -> Receipt:
        record = str(draft.get("id", ""))
        page = (draft.get("links") or {}).get("self_html")
        return Receipt(record, str(page or f"{self.place}/records/{record}"), invenio_metadata.doi_of(draft), published)


class Zenodo(Invenio):
    """Zenodo, and its sandbox."""

    name = "zenodo"
    default = "https://zenodo.org"


def _draft(record: str) -> str:
    return f"records/{quote(str(record), safe='')}/draft"


def _vanished(record: str, place: str) -> ProvcapError:
    return ProvcapError("unknown-record", f"{place} has no record or draft {record}", "was it deleted?")


def _rejected(error: Refused) -> ProvcapError:
    """What the server says against the metadata, a line per field."""
    lines = invenio_metadata.complaints(error.answer)
    if error.status != 400 or not lines:
        return error
    message = "the archive does not accept the draft:" + "".join(f"\n  {line}" for line in lines)
    return ProvcapError("draft-rejected", message, "say it in config/deposit.yaml, see docs/depositing.md")
