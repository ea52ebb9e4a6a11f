"""Ask bia-ro-crate-validator about crates, without a network; run by a Python that has it, at least 3.13:

    python tests/bia_validator.py CONTEXT CRATE …

CONTEXT is the file with the context of RO-Crate 1.1. The answer is one line of JSON for each CRATE, a directory: its
issues of any level, each with `severity` and `message`. The validator would fetch that context in three ways: through
rdflib, through PyLD and through requests; each finds the file here, and nothing else.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import pyld.jsonld
import rdflib.plugins.shared.jsonld.context
import rdflib.plugins.shared.jsonld.util
import requests
import urllib3
from bia_ro_crate.core.parser.ro_crate_parser import ROCrateParser

CONTEXT = "https://w3id.org/ro/crate/1.1/context"


def main(context: str, *crates: str) -> None:
    """Print the answer for each of `crates`."""
    _shut(Path(context).read_bytes())
    for crate in crates:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            found = issues(Path(crate))
        print(json.dumps(found))


def issues(crate: Path) -> list[dict[str, str]]:
    """What the validator says of the crate in the directory `crate`."""
    parser = ROCrateParser(crate)
    crashed = []
    try:
        parser.parse()
    except ExceptionGroup:
        pass  # the errors among its issues
    except Exception as error:  # what its own command would end with
        crashed.append({"severity": "CRASH", "message": f"{type(error).__name__}: {error}"})
    said = [
        {"severity": str(issue.severity), "message": f"{issue.location_description or ''}: {issue.message}"}
        for issue in parser.issues
    ]
    return said + crashed


def _shut(context: bytes) -> None:
    """Let the three loaders know `context` and nothing else."""
    read = rdflib.plugins.shared.jsonld.util.source_to_json

    def source_to_json(source: Any, *rest: Any, **more: Any) -> Any:
        if str(source) == CONTEXT:
            return json.loads(context), None
        if str(source).startswith(("http:", "https:")):
            raise OSError(f"no network for {source}")
        return read(source, *rest, **more)

    for module in (rdflib.plugins.shared.jsonld.util, rdflib.plugins.shared.jsonld.context):
        module.source_to_json = source_to_json

    def load(url: str, _options: Any) -> Any:
        if url != CONTEXT:
            raise OSError(f"no network for {url}")
        document = json.loads(context)
        return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url, "document": document}

    pyld.jsonld.set_document_loader(load)

    def send(adapter: Any, request: Any, **_more: Any) -> requests.Response:
        known = request.url == CONTEXT
        raw = urllib3.HTTPResponse(
            io.BytesIO(context if known else b""),
            {"Content-Type": "application/ld+json"},
            200 if known else 404,
            preload_content=False,
            request_method=request.method,
            request_url=request.url,
        )
        return adapter.build_response(request, raw)  # type: ignore[no-any-return]

    requests.adapters.HTTPAdapter.send = send


if __name__ == "__main__":
    main(*sys.argv[1:])
