"""Who made the run, who publishes it, and under which licence; never invented."""

from __future__ import annotations

import re
from typing import Any, Final

from provcap.crate.draft import Draft, fragment, ref
from provcap.model import Agent, Organization, Run

_SPDX: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")


def add_authors(draft: Draft, run: Run) -> list[str]:
    """The authors in their order; the user who ran it when nobody is named; nobody when that is unknown as well."""
    if run.about.authors:
        return [_add_person(draft, person) for person in run.about.authors]
    user = add_user(draft, run)
    return [user] if user else []


def add_agent(draft: Draft, run: Run) -> str | None:
    """Who ran it: whoever is said to have, or else the account; an author need not have run anything."""
    return _add_person(draft, run.about.operator) if run.about.operator else add_user(draft, run)


def add_user(draft: Draft, run: Run) -> str | None:
    """The account that ran it, as a person of whom nothing else is known."""
    if not run.user:
        return None
    note = "The account that ran the workflow; who that is was not stated."
    return draft.add(fragment("user", run.user), "Person", name=run.user, description=note)


def _add_person(draft: Draft, person: Agent) -> str:
    affiliation = add_organization(draft, person.affiliation) if person.affiliation else None
    identifier = person.id or fragment("person", person.name)
    return draft.add(identifier, "Person", name=person.name, affiliation=ref(affiliation) if affiliation else None)


def add_organization(draft: Draft, organization: Organization) -> str:
    """An organisation, by its ROR when it has one."""
    identifier = organization.id or organization.url or fragment("organization", organization.name)
    url = organization.url or (organization.id if (organization.id or "").startswith("http") else None)
    return draft.add(identifier, "Organization", name=organization.name, url=url)


def add_licence(draft: Draft, run: Run) -> str:
    """The licence that people chose, or an entity that says that they have not."""
    chosen = run.about.license
    if not chosen:
        return draft.add(
            "#licence-not-stated",
            "CreativeWork",
            name="No licence stated",
            description="Nobody has said under which licence this may be used. Ask its authors.",
        )
    if chosen.startswith(("http://", "https://")):
        name = chosen.rstrip("/").rsplit("/", 1)[-1]
        return draft.add(chosen, "CreativeWork", name=name, description=f"The licence at {chosen}", url=chosen)
    if not _SPDX.fullmatch(chosen):
        return draft.add(fragment("licence"), "CreativeWork", name=chosen, description=f"As stated: {chosen}")
    link = f"https://spdx.org/licenses/{chosen}"
    properties: dict[str, Any] = {"identifier": link, "description": f"{chosen}, as listed by SPDX", "url": link}
    return draft.add(link, "CreativeWork", name=chosen, **properties)
