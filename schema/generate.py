"""The run model in LinkML, from the dataclasses of provcap.model, which are the truth; and what LinkML makes of it.

    make schema

writes provcap.yaml and docs/schema.md here, and with LinkML's own generators provcap.schema.json, provcap.sql,
provcap.shacl.ttl and provcap.owl.ttl. Each of these says of which provcap.yaml it was made.
"""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import importlib
import inspect
import json
import os
import subprocess
import sys
import textwrap
import types
import typing
from pathlib import Path
from typing import Any

import yaml

from provcap import codec, model

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs/schema.md"
RANGES = {str: "string", int: "integer", float: "float", bool: "boolean"}
#: file to LinkML's generator and its arguments; ids are those of a run, so nothing in them changes by itself
GENERATORS = {
    "provcap.schema.json": ("gen-json-schema", "--not-closed", "--top-class", "RunDocument"),
    "provcap.sql": ("gen-sqltables", "--dialect", "sqlite"),
    "provcap.shacl.ttl": ("gen-shacl", "--non-closed"),
    "provcap.owl.ttl": ("gen-owl", "--no-metaclasses"),
}


def classes() -> list[type]:
    """Every dataclass of the model, in the order of the files and lines that define them."""
    found = [getattr(model, name) for name in model.__all__]
    return sorted((c for c in found if dataclasses.is_dataclass(c)), key=lambda c: (c.__module__, _line(c)))


def _line(cls: type) -> int:
    return inspect.getsourcelines(cls)[1]


def comments(cls: type) -> dict[str, str]:
    """What the ``#:`` comments say of the fields of `cls`."""
    lines = textwrap.dedent(inspect.getsource(cls)).splitlines()
    tree = ast.parse("\n".join(lines)).body[0]
    assert isinstance(tree, ast.ClassDef)
    found = {}
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            told = [line.split("#:", 1)[1].strip() for line in lines[node.lineno - 1 : node.end_lineno] if "#:" in line]
            if told:
                found[node.target.id] = " ".join(told)
    return found


def schema() -> dict[str, Any]:
    """The LinkML schema as plain values."""
    enums: dict[str, Any] = {}
    described = {cls.__name__: _class(cls, enums) for cls in classes()}
    document = {
        "is_a": "Run",
        "description": "A run.json: a run, and the format that it is written in.",
        "tree_root": True,
        "attributes": {"format": {"range": "string", "required": True, "equals_string": codec.RUN_FORMAT}},
    }
    return {
        "id": "https://w3id.org/provcap/schema",
        "name": "provcap",
        "title": "What provcap records of a run",
        "description": inspect.getdoc(model),
        "license": "https://spdx.org/licenses/BSD-3-Clause",
        "prefixes": {"linkml": "https://w3id.org/linkml/", "provcap": "https://w3id.org/provcap/terms#"},
        "default_prefix": "provcap",
        "default_range": "string",
        "imports": ["linkml:types"],
        "enums": dict(sorted(enums.items())),
        "classes": {
            **described,
            "RunDocument": document,
            "TextEntry": _entry("A text with a name.", "string"),
            "Any": {"class_uri": "linkml:Any", "description": "Any JSON value."},
        },
    }


def _entry(description: str, kind: str) -> dict[str, Any]:
    name = {"range": "string", "key": True, "required": True}
    return {"description": description, "attributes": {"name": name, "value": {"range": kind}}}


def _class(cls: type, enums: dict[str, Any]) -> dict[str, Any]:
    hints, told = typing.get_type_hints(cls), comments(cls)
    attributes = {}
    for field in dataclasses.fields(cls):
        slot = {"description": told[field.name]} if field.name in told else {}
        optional = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
        enum = f"{cls.__name__}{''.join(word.capitalize() for word in field.name.split('_'))}"
        attributes[field.name] = (
            slot | _range(hints[field.name], enum, enums) | ({} if optional else {"required": True})
        )
    return {"description": " ".join((inspect.getdoc(cls) or "").split()), "attributes": attributes}


def _range(hint: Any, enum: str, enums: dict[str, Any]) -> dict[str, Any]:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        inner = [a for a in arguments if a is not type(None)]
        if len(inner) == 1:
            return _range(inner[0], enum, enums)
        if set(inner) <= set(RANGES):
            return {"range": "Any", "any_of": [{"range": RANGES[a]} for a in inner]}
        return {"range": "Any"}  # JSON
    if origin is typing.Literal:
        enums[enum] = {"permissible_values": {word: {} for word in arguments}}
        return {"range": enum}
    if origin is tuple:
        return _range(arguments[0], enum, enums) | {"multivalued": True, "inlined_as_list": True}
    if origin is dict:
        return {"range": "TextEntry", "multivalued": True, "inlined": True} if arguments[1] is str else {"range": "Any"}
    if dataclasses.is_dataclass(hint):
        return {"range": hint.__name__, "inlined": True}
    return {"range": RANGES[hint]}


def schema_text() -> str:
    """The text of provcap.yaml."""
    head = "# Made from the dataclasses of provcap.model by: make schema\n"
    return head + yaml.safe_dump(schema(), sort_keys=False, allow_unicode=True, width=110)


def page_text() -> str:
    """The text of docs/schema.md."""
    found = schema()
    parts = [
        "# The run model\n\nMade from `provcap.model` by `make schema`; the same in [LinkML](../schema/provcap.yaml),"
        " [JSON Schema](../schema/provcap.schema.json),\n[SQL](../schema/provcap.sql),"
        " [SHACL](../schema/provcap.shacl.ttl) and [OWL](../schema/provcap.owl.ttl). `run.json` is a RunDocument;"
        " [formats](formats.md) has an example.\nThe SQL is LinkML's own;"
        " `provcap export --sql` writes [simpler tables](querying.md).\n\n"
        + " ".join(str(found["description"]).split())
    ]
    for name, entity in found["classes"].items():
        parts.append(f"## {name}\n\n{entity['description']}")
        slots = entity.get("attributes", {})
        rows = [
            f"| `{slot}` | {_said(one, found)} | {_cell(one.get('description', ''))} |" for slot, one in slots.items()
        ]
        if rows:
            parts.append("| field | type | |\n|---|---|---|\n" + "\n".join(rows))
    return "\n\n".join(parts) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _said(slot: dict[str, Any], found: dict[str, Any]) -> str:
    kind = " or ".join(a["range"] for a in slot["any_of"]) if "any_of" in slot else slot["range"]
    if kind in found["enums"]:
        kind = ", ".join(f"`{word}`" for word in found["enums"][kind]["permissible_values"])
    elif kind == "TextEntry":
        kind = "texts by name"
    elif kind in found["classes"] and kind != "Any":
        kind = f"[{kind}](#{kind.lower()})"
    many = "list of " if slot.get("multivalued") and kind != "texts by name" else ""
    return many + kind + (", required" if slot.get("required") else "")


def stamp() -> str:
    """What tells of which schema a file was made."""
    return "sha256:" + hashlib.sha256(schema_text().encode()).hexdigest()


def derived(name: str, programs: Path) -> str:
    """The text of the file `name`, by LinkML's generator in the folder `programs`."""
    command = [str(programs / GENERATORS[name][0]), *GENERATORS[name][1:], str(HERE / "provcap.yaml")]
    fixed = {**os.environ, "PYTHONHASHSEED": "0"}  # gen-sqltables writes sets in the order of their hashes
    text = subprocess.run(command, check=True, capture_output=True, text=True, env=fixed).stdout
    if name.endswith(".json"):
        return json.dumps({"$comment": stamp(), **json.loads(text)}, indent=1, sort_keys=True) + "\n"
    if name.endswith(".ttl"):
        text = _sorted_turtle(text)
    if name.endswith(".sql"):  # indexes come in the order of a set
        lines = text.splitlines()
        indexes = sorted(line for line in lines if line.startswith("CREATE INDEX"))
        text = "\n".join([*(line for line in lines if not line.startswith("CREATE INDEX")), *indexes])
    mark = "--" if name.endswith(".sql") else "#"
    return f"{mark} {stamp()}\n" + "\n".join(line.rstrip() for line in text.strip().splitlines()) + "\n"


def _sorted_turtle(text: str) -> str:
    """The same statements in one order: blank nodes get names by what they say, not by chance."""
    rdflib, compare = importlib.import_module("rdflib"), importlib.import_module("rdflib.compare")
    found, ordered = rdflib.Graph().parse(data=text, format="turtle"), rdflib.Graph()
    for prefix, name in found.namespaces():
        ordered.bind(prefix, name)
    for statement in compare.to_canonical_graph(found):
        ordered.add(statement)
    return str(ordered.serialize(format="turtle"))


def main(programs: Path) -> None:
    """Write everything."""
    (HERE / "provcap.yaml").write_text(schema_text())
    PAGE.write_text(page_text())
    for name in GENERATORS:
        (HERE / name).write_text(derived(name, programs))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
