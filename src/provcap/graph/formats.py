"""`ProvDocument` ⇄ bytes in the standard formats of PROV; the same document always gives the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from prov.constants import PROV_DERIVATION, PROV_GENERATION, PROV_USAGE
from prov.identifier import Namespace
from prov.model import PROV, XSD, ProvBundle, ProvDocument, ProvRecord

from provcap import digest
from provcap.errors import ProvcapError

#: PROV-O's qualified terms (section 3.3) with the simple ones that they imply, and what leads on from the middle
SIMPLE_TERMS = (
    ("qualifiedUsage", "used", "entity"),
    ("qualifiedGeneration", "wasGeneratedBy", "activity"),
    ("qualifiedDerivation", "wasDerivedFrom", "entity"),
    ("qualifiedAssociation", "wasAssociatedWith", "agent"),
)
RDFS = Namespace("rdfs", "http://www.w3.org/2000/01/rdf-schema#")
_REPEATED = {PROV_USAGE, PROV_GENERATION, PROV_DERIVATION}  #: for the others, prov's reader joins both forms itself


def serialise(document: ProvDocument, fmt: str) -> bytes:
    """`document` in one of `FORMATS`.

    RDF has each qualified relation in its simple form as well, which most queries ask for and PROV-O recommends.
    Raises ProvcapError (``unknown-format``) when there is no such format.
    """
    return _format(fmt)[0](document)


def read(content: bytes, fmt: str) -> ProvDocument:
    """The document that `serialise` wrote, without the simple forms that RDF repeats."""
    return _format(fmt)[1](content)


def _format(fmt: str) -> tuple[Callable[[ProvDocument], bytes], Callable[[bytes], ProvDocument]]:
    if fmt not in FORMATS:
        raise ProvcapError("unknown-format", f"PROV is not written as {fmt!r}", f"choose from {', '.join(FORMATS)}")
    return FORMATS[fmt]


def _text(prov_format: str, **options: Any) -> tuple[Callable[[ProvDocument], bytes], Callable[[bytes], ProvDocument]]:
    def write(document: ProvDocument) -> bytes:
        text: str = document.serialize(format=prov_format, **options)
        return text.rstrip("\n").encode() + b"\n"

    def parse(content: bytes) -> ProvDocument:
        return ProvDocument.deserialize(content=content.decode(), format=prov_format)

    return write, parse


def _rdf(rdf_format: str) -> tuple[Callable[[ProvDocument], bytes], Callable[[bytes], ProvDocument]]:
    # Turtle for both: without bundles there is one graph, and a Turtle document is a TriG document (TriG, section 2)
    def write(document: ProvDocument) -> bytes:
        from rdflib import Graph  # 0.2 s, and only RDF needs it

        if document.has_bundles():
            if rdf_format == "turtle":
                raise ProvcapError("no-bundles", "Turtle has no graphs with names, so no bundles", "use trig")
            return _trig(document)
        graph = Graph(
            "SimpleMemory", bind_namespaces="none"
        )  # rdflib's own prefixes have https://schema.org/ where ours is http
        for namespace in (PROV, XSD, RDFS, *document.get_registered_namespaces()):
            graph.bind(namespace.prefix, namespace.uri)
        for triple in sorted(_triples(document)):
            graph.add(triple)
        return graph.serialize(format="turtle", encoding="utf-8").rstrip(b"\n") + b"\n"

    def parse(content: bytes) -> ProvDocument:
        found = ProvDocument.deserialize(content=content.decode(), format="rdf", rdf_format=rdf_format)
        return _without_simple_forms(found)

    return write, parse


def _trig(document: ProvDocument) -> bytes:
    """Each bundle as a graph that has the bundle's name."""
    from rdflib import Dataset, URIRef
    from rdflib.namespace import NamespaceManager

    data = Dataset()
    data.namespace_manager = NamespaceManager(data, bind_namespaces="none")  # as for Turtle
    for bundle in (document, *document.bundles):
        graph = data.default_graph if bundle is document else data.graph(URIRef(bundle.identifier.uri))
        for namespace in (PROV, XSD, RDFS, *bundle.get_registered_namespaces()):
            data.bind(namespace.prefix, namespace.uri, override=False)
        data.addN((*triple, graph) for triple in sorted(_triples(bundle)))
    text: bytes = data.serialize(format="trig", encoding="utf-8")
    return text.rstrip(b"\n") + b"\n"


def _triples(document: ProvBundle) -> set[tuple[Any, Any, Any]]:
    """The triples of PROV-O, blank nodes named by what is said of them instead of at random, and the simple forms."""
    from prov.serializers.provrdf import ProvRDFSerializer
    from rdflib import BNode, Graph, URIRef

    found = list(ProvRDFSerializer(document.document).encode_container(document, container=Graph("SimpleMemory")))
    said: dict[Any, list[str]] = {}
    for s, p, o in found:
        for node, other in ((s, o), (o, s)):
            if isinstance(node, BNode):
                said.setdefault(node, []).append(f"{p.n3()} {other.n3()}")
    names = {node: BNode("q" + digest.of_bytes("\n".join(sorted(of)).encode())[7:31]) for node, of in said.items()}
    triples = {(names.get(s, s), p, names.get(o, o)) for s, p, o in found}
    ways = {URIRef(PROV[q].uri): (URIRef(PROV[simple].uri), URIRef(PROV[to].uri)) for q, simple, to in SIMPLE_TERMS}
    ends = {(s, p): o for s, p, o in triples if isinstance(s, BNode)}
    for s, p, o in list(triples):
        if p in ways and (end := ends.get((o, ways[p][1]))) is not None:
            triples.add((s, ways[p][0], end))
    return triples


def _without_simple_forms(document: ProvDocument) -> ProvDocument:
    """`document` without each bare relation that a fuller one of its bundle repeats."""
    kept = ProvDocument(namespaces=list(document.get_registered_namespaces()))
    for bundle in (document, *document.bundles):
        target = kept if bundle is document else kept.bundle(bundle.identifier)
        records = bundle.get_records()
        fuller = {_pair(r) for r in records if r.get_type() in _REPEATED and not _is_bare(r)}
        for record in records:
            if not (record.get_type() in _REPEATED and _is_bare(record) and _pair(record) in fuller):
                target.add_record(record)
    return kept


def _pair(record: ProvRecord) -> tuple[Any, ...]:
    return (record.get_type(), *record.args[:2])


def _is_bare(record: ProvRecord) -> bool:
    extra: Iterable[Any] = record.extra_attributes
    return record.identifier is None and not any(record.args[2:]) and not list(extra)


FORMATS = {
    "provn": _text("provn"),
    "json": _text("json", indent=1, ensure_ascii=False),
    "xml": _text("xml"),
    "turtle": _rdf("turtle"),
    "trig": _rdf("trig"),
    "jsonld": _text("jsonld", context="embed", indent=1, ensure_ascii=False),
}  #: name → how it is written and read
