"""Does a crate keep to its profiles? roc-validator answers, without a network."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from provcap.crate.derived import PROFILES, write_profiles
from provcap.crate.profile import Claim, Profile

KNOWN: Final = " and ".join(profile.ro_crate for profile in PROFILES)  #: versions of RO-Crate
_RO_CRATE: Final = "https://w3id.org/ro/crate/"
#: "the @id of software SHOULD be an absolute URI" cannot hold for the workflow file that workflow-ro-crate-1.0_4.1
#: REQUIRES in the crate; seen with roc-validator 0.13.0
SKIPPED: Final = tuple(f"{profile.process.known_as}_5.1" for profile in PROFILES)
_CONTEXTS: Final = {
    **{profile.context: f"{profile.base}.jsonld" for profile in PROFILES},
    "https://w3id.org/ro/terms/workflow-run/context": "workflow-run.jsonld",
}


@dataclass(frozen=True, slots=True)
class Issue:
    """One broken rule."""

    required: bool
    check: str
    subject: str
    message: str


def is_installed() -> bool:
    """Whether roc-validator is there."""
    try:
        import rocrate_validator.services  # noqa: F401
    except ImportError:
        return False
    return True


def profile_of(claimed: Iterable[str]) -> tuple[Profile, Claim | None]:
    """The strictest known profile among the `claimed` ones, with the version that it belongs to; or plain RO-Crate."""
    wanted = {claim.rstrip("/") for claim in claimed}
    found = [(p, claim) for p in PROFILES for claim in p.claims if claim.identifier in wanted]
    if found:
        return found[0]
    return next((p for p in PROFILES if f"{_RO_CRATE}{p.ro_crate}" in wanted), PROFILES[0]), None


def foreign(claimed: Iterable[str]) -> str | None:
    """The version of RO-Crate among the `claimed` profiles when it is none that can be checked here, such as 1.2."""
    stated = [claim for claim in claimed if claim.startswith(_RO_CRATE)]
    known = {f"{_RO_CRATE}{profile.ro_crate}" for profile in PROFILES}
    return stated[0] if stated and not known & {claim.rstrip("/") for claim in stated} else None


def validate(root: Path, profile: Profile, claimed: Claim | None, own: bool = False) -> list[Issue]:
    """What `claimed` REQUIRES or RECOMMENDS and the crate in the directory `root` does not do.

    `own`: the rules of provcap's own profile, too.
    """
    from rocrate_validator import services
    from rocrate_validator.models import Severity, ValidationSettings
    from rocrate_validator.utils.http import HttpRequester

    with tempfile.TemporaryDirectory(prefix="provcap-profiles-") as folder, _quiet():
        cache, extra = Path(folder, "contexts"), Path(folder, "profiles")
        extra.mkdir()
        _seed(cache)
        settings = ValidationSettings(
            rocrate_uri=str(root.resolve()),  # it takes this text out of its messages, wherever it stands
            profile_identifier=write_profiles(extra, profile, claimed, own),
            extra_profiles_path=extra,
            requirement_severity=Severity.RECOMMENDED,
            offline=True,
            cache_path=cache,
            skip_availability_check=True,
            skip_checks=list(SKIPPED),
        )
        try:
            result = services.validate(settings)
            return sorted({_issue(issue, Severity.REQUIRED) for issue in result.get_issues()}, key=repr)
        finally:
            HttpRequester.reset()  # one for the process, and its cache is about to go


def _issue(issue: Any, required: Any) -> Issue:
    subject = str(issue.violatingEntity or "").removeprefix("./")
    message = " ".join(str(issue.message or "").split())
    return Issue(issue.severity >= required, str(issue.check.identifier), subject, message)


def _seed(cache: Path) -> None:
    """Fill the validator's HTTP cache with the contexts that we ship, through its own library."""
    from requests.adapters import HTTPAdapter
    from requests_cache import CachedSession
    from urllib3 import HTTPResponse

    class Shipped(HTTPAdapter):
        def send(self, request: Any, *_args: Any, **_more: Any) -> Any:
            data = files("provcap.crate").joinpath("contexts", _CONTEXTS[request.url]).read_bytes()
            headers = {"Content-Type": "application/ld+json", "Content-Length": str(len(data))}
            body = HTTPResponse(BytesIO(data), headers, 200, preload_content=False, request_url=request.url)
            return self.build_response(request, body)

    with CachedSession(cache_name=str(cache), backend="sqlite", expire_after=-1) as session:
        session.mount("https://", Shipped())
        for url in _CONTEXTS:
            session.get(url)


@contextmanager
def _quiet() -> Iterator[None]:
    """The validator and its libraries log what the findings say anyway."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
