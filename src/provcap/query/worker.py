"""The process that answers one question: reads a task from stdin, writes the answer to stdout, both as JSON.

It may neither reach the network nor start a program, and memory is limited: crates and queries come from anywhere.
"""

from __future__ import annotations

import itertools
import json
import logging
import resource
import sys
from pathlib import Path
from typing import Any, Final

from provcap.errors import ProvcapError
from provcap.query import contexts

PREFIXES: Final = {
    "schema": "http://schema.org/",
    "bioschemas": "https://bioschemas.org/",
    "wfrun": "https://w3id.org/ro/terms/workflow-run#",
    "codemeta": "https://codemeta.github.io/terms/",
    "dct": "http://purl.org/dc/terms/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "prov": "http://www.w3.org/ns/prov#",
    "provcap": "https://w3id.org/provcap/terms#",
}
LONGEST: Final = 1 << 20  #: characters of one cell
#: what Python tells before it would leave this process (PEP 578)
_OUTWARD: Final = {
    "socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "urllib.Request",
    "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "ftplib.connect", "http.client.connect",
}  # fmt: skip


def main() -> None:
    """Answer the task on stdin."""
    task = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_AS, (task["memory"], task["memory"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    logging.disable(logging.CRITICAL)  # rdflib tells of every odd IRI
    try:
        reply = answer(task)
        text = json.dumps(reply)
    except ProvcapError as error:
        text = json.dumps({"error": [error.slug, error.message, error.hint]})
    except MemoryError:
        what = f"the question needs more than {task['memory'] >> 20} MiB"
        text = json.dumps({"error": ["query-too-large", what, "ask for less, or allow more: --memory MIB"]})
    sys.stdout.write(text)


def answer(task: dict[str, Any]) -> dict[str, Any]:
    """Columns, rows, and whether that is all of them. Raises ProvcapError."""
    import rdflib

    query = _prepare(task["query"])
    graph = rdflib.Graph(store="SimpleMemory")
    sys.addaudithook(_stay)
    for base, path in task["graphs"].items():
        _load(graph, base, Path(path), task["contexts"])
    bindings = {name: rdflib.Literal(text) for name, text in task["bindings"].items()}
    try:
        result = graph.query(query, initBindings=bindings)
        if result.type == "ASK":
            return {"columns": ["answer"], "rows": [[bool(result)]], "complete": True}
        found: Any = itertools.islice(iter(result), task["rows"] + 1)
        rows = [[_cell(value) for value in row] for row in found]
    except PermissionError as error:
        raise ProvcapError("query-refused", f"the query is not answered: {error}", "ask of local crates") from error
    except (MemoryError, ProvcapError):
        raise
    except Exception as error:  # what rdflib raises for a query that it cannot evaluate is not documented
        raise _bad(error) from error
    columns = [str(v) for v in result.vars or []] or ["subject", "predicate", "object"]
    if "order by" not in task["query"].lower():
        rows.sort(key=lambda row: [(c is not None, str(c)) for c in row])
    return {"columns": columns, "rows": rows[: task["rows"]], "complete": len(rows) <= task["rows"]}


def _prepare(text: str) -> Any:
    """The parsed query; refused when it would change something or read what is elsewhere."""
    from rdflib.plugins.sparql import prepareQuery
    from rdflib.plugins.sparql.algebra import traverse
    from rdflib.plugins.sparql.parser import parseUpdate
    from rdflib.plugins.sparql.parserutils import CompValue

    try:
        query = prepareQuery(text, initNs=PREFIXES)
    except Exception as error:
        try:
            update = bool(parseUpdate(text).request)
        except Exception:  # neither
            update = False
        if update:
            why = "it would change the graph, and provcap only answers questions"
            raise ProvcapError("query-refused", why, "use SELECT, ASK, CONSTRUCT or DESCRIBE") from error
        raise _bad(error) from error
    found: set[str] = set()
    traverse(query.algebra, visitPre=lambda node: found.add(node.name) if isinstance(node, CompValue) else None)
    if "ServiceGraphPattern" in found:
        raise ProvcapError("query-refused", "SERVICE would ask another machine", "ask of local crates alone")
    if query.algebra.datasetClause:
        raise ProvcapError("query-refused", "FROM would read another graph", "name the crates on the command line")
    return query


def _bad(error: Exception) -> ProvcapError:
    said = " ".join(str(error).split())[:300] or type(error).__name__
    return ProvcapError("bad-query", f"the query cannot be answered: {said}", "see docs/querying.md for examples")


def _load(graph: Any, base: str, path: Path, given: dict[str, str]) -> None:
    from rdflib.plugins.parsers.jsonld import to_rdf

    again = "get or write the crate again; provcap check says more"
    try:
        document = contexts.inline(json.loads(path.read_bytes()), given)
        if not isinstance(document.get("@graph"), list):
            raise ValueError("it has no @graph")
        before = len(graph)
        to_rdf(document, graph, base=base)
        if len(graph) == before:
            raise ValueError("it says nothing: there is no triple in it")
    except (ProvcapError, MemoryError):
        raise
    except Exception as error:  # rdflib meets hostile JSON-LD with whatever its code stumbles over
        said = " ".join(str(error).split())[:300] or type(error).__name__
        raise ProvcapError("damaged-metadata", f"{path.name} of {base} cannot be read: {said}", again) from error


def _cell(value: Any) -> Any:
    """A plain value; IRIs and dates are texts."""
    if value is None:
        return None
    plain = value.toPython() if hasattr(value, "toPython") else value
    if isinstance(plain, bool | int) or (isinstance(plain, float) and plain - plain == 0):
        return plain
    return str(value)[:LONGEST]


def _stay(event: str, _arguments: tuple[Any, ...]) -> None:
    if event in _OUTWARD:
        raise PermissionError(f"it would leave this process ({event})")


if __name__ == "__main__":
    main()
