"""The model in the formats of others is the model."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
import re
import sqlite3
import typing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from provcap import codec, model
from provcap.model import Run
from tests.engines import ROOT

SCHEMA = ROOT / "schema"
LINKML = ROOT / ".venv/schema/bin"


def _load() -> ModuleType:
    found = importlib.util.spec_from_file_location("generate", SCHEMA / "generate.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


generate = _load()


def test_schema_is_made_of_the_dataclasses_of_today() -> None:
    """provcap.yaml and its page are what `make schema` would write now."""
    assert (SCHEMA / "provcap.yaml").read_text() == generate.schema_text(), "run: make schema"
    assert (ROOT / "docs/schema.md").read_text() == generate.page_text(), "run: make schema"


@pytest.mark.parametrize("name", sorted(generate.GENERATORS))
def test_derived_files_are_of_this_schema(name: str) -> None:
    """Each derived file was made of this provcap.yaml."""
    assert generate.stamp() in (SCHEMA / name).read_text()[:400], "run: make schema"


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(generate.GENERATORS))
@pytest.mark.skipif(not (LINKML / "gen-owl").exists(), reason="LinkML is not installed: make schema")
def test_linkml_makes_the_derived_files(name: str) -> None:
    """LinkML's generators make the same text again."""
    assert (SCHEMA / name).read_text() == generate.derived(name, LINKML)


def test_every_field_is_there_with_its_optionality_and_words() -> None:
    """Classes, fields, which are required, and what their comments say, read back from the YAML."""
    classes = yaml.safe_load((SCHEMA / "provcap.yaml").read_text())["classes"]
    names = [name for name in model.__all__ if dataclasses.is_dataclass(getattr(model, name))]
    assert set(names) == set(classes) - {"RunDocument", "TextEntry", "Any"}
    for name in names:
        attributes = classes[name]["attributes"]
        fields = {f.name: f for f in dataclasses.fields(getattr(model, name))}
        assert list(attributes) == list(fields)
        for key, field in fields.items():
            needed = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
            assert attributes[key].get("required", False) is needed, f"{name}.{key}"
            many = typing.get_origin(typing.get_type_hints(getattr(model, name))[key]) is tuple
            assert many <= attributes[key].get("multivalued", False), f"{name}.{key}"
    assert classes["Gap"]["attributes"]["message"]["description"] == "one sentence for a person"
    assert "``inf``" in classes["Measure"]["attributes"]["value"]["description"]


def test_every_comment_of_the_model_is_in_the_schema() -> None:
    """As many comments on fields as there are in the sources."""
    text = "".join(path.read_text() for path in (ROOT / "src/provcap/model").glob("*.py"))
    told = sum(len(generate.comments(cls)) for cls in generate.classes())
    assert told == len(re.findall(r"#: ", text))


def validator() -> Any:
    """Of the JSON Schema."""
    jsonschema = pytest.importorskip("jsonschema")
    return jsonschema.Draft201909Validator(json.loads((SCHEMA / "provcap.schema.json").read_text()))


def test_every_run_is_valid(any_run: Run) -> None:
    """What provcap writes keeps to the JSON Schema."""
    errors = [e.message for e in validator().iter_errors(json.loads(codec.dump_run(any_run)))]
    assert errors == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["status"], "fine"),
        (["jobs", 0, "attempt"], "two"),
        (["jobs", 0, "inputs", 0, "kind"], "socket"),
        (["format"], "provcap.run/2"),
        (["workflow"], []),
        (["jobs", 0, "rule"], None),
    ],
)
def test_what_is_wrong_is_found(path: list[Any], value: Any) -> None:
    """The JSON Schema refuses what the codec would refuse."""
    plain = json.loads((ROOT / "tests/runs/succeeded.json").read_text())
    inner = plain
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    assert list(validator().iter_errors(plain))


def test_sql_and_graphs_can_be_loaded() -> None:
    """SQLite takes the DDL; the SHACL and OWL are Turtle that name every class."""
    import rdflib

    with sqlite3.connect(":memory:") as connection:
        connection.executescript((SCHEMA / "provcap.sql").read_text())
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    names = {cls.__name__ for cls in generate.classes()}
    assert {f"{name}" for name in names} <= tables
    for name in ("provcap.shacl.ttl", "provcap.owl.ttl"):
        graph = rdflib.Graph().parse(SCHEMA / name)
        subjects = {str(s).rsplit("#", 1)[-1] for s in graph.subjects()}
        assert names <= subjects, name


def test_no_path_of_this_machine_is_in_them() -> None:
    """Derived files do not say where they were made."""
    for path in SCHEMA.iterdir():
        if path.is_file():
            assert os.fspath(Path.home()) + "/" not in path.read_text()
            assert os.fspath(ROOT) not in path.read_text(), path.name
