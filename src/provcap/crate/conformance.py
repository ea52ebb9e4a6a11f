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

from provcap.crate import profile_0_5 as profile

#: @id of a profile that a crate claims to the validator's name for it; the first that applies includes the others
PROFILES: Final = {
    profile.PROVENANCE[0]: "provenance-run-crate-0.5",
    profile.WORKFLOW[0]: "workflow-run-crate-0.5",
    profile.PROCESS[0]: "process-run-crate-0.5",
    profile.WORKFLOW_RO_CRATE[0]: "workflow-ro-crate-1.0",
}
BASE: Final = "ro-crate-1.1"
#: "the @id of software SHOULD be an absolute URI" cannot hold for the workflow file that workflow-ro-crate-1.0_4.1
#: REQUIRES in the crate; seen with roc-validator 0.13.0
SKIPPED: Final = ("process-run-crate-0.5_5.1",)
_CONTEXTS: Final = {
    "https://w3id.org/ro/crate/1.1/context": "ro-crate-1.1.jsonld",
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


def profile_of(claimed: Iterable[str]) -> str:
    """The validator's name for the strictest of the `claimed` profiles that it knows."""
    wanted = {claim.rstrip("/") for claim in claimed}
    return next((name for identifier, name in PROFILES.items() if identifier in wanted), BASE)


def validate(root: Path, name: str) -> list[Issue]:
    """What the profile `name` REQUIRES or RECOMMENDS and the crate in the directory `root` does not do."""
    from rocrate_validator import services
    from rocrate_validator.models import Severity, ValidationSettings
    from rocrate_validator.utils.http import HttpRequester

    with tempfile.TemporaryDirectory(prefix="provcap-contexts-") as folder, _quiet():
        cache = Path(folder, "contexts")
        _seed(cache)
        settings = ValidationSettings(
            rocrate_uri=str(root),
            profile_identifier=name,
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
