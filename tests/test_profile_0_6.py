"""Claims about version 0.6 of the profiles, and about provcap's own profile, asked of the real validator."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from provcap.check import check
from provcap.cli import main
from provcap.crate import Policy, conformance, derived, profile_0_5, profile_0_6
from provcap.model import Run
from tests.conftest import read_run
from tests.test_crate import METADATA, entities, pack, refs

NEW = Policy(profile=profile_0_6.PROFILE)
Entities = dict[str, dict[str, Any]]
#: RO-Crate 1.3 RECOMMENDS what a run does not tell: an ORCID of the account, an address of the organisation
UNKNOWN = {"ro-crate-1.2_90.1", "ro-crate-1.2_91.0", "ro-crate-1.2_93.0"}


def change(crate: Path, how: Callable[[Entities], object]) -> Path:
    """Change the metadata of `crate` by a function of its entities by @id."""
    document = json.loads((crate / METADATA).read_bytes())
    how({e["@id"]: e for e in document["@graph"]})
    (crate / METADATA).write_text(json.dumps(document))
    return crate


def broken(crate: Path, required: bool = True, own: bool = False) -> set[str]:
    """The checks of roc-validator that `crate` breaks."""
    profile, claimed = conformance.profile_of(refs(entities(crate)["./"]["conformsTo"]))
    return {i.check for i in conformance.validate(crate, profile, claimed, own) if i.required or not required}


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A crate of version 0.5 without fault."""
    return pack(read_run("retried"), tmp_path_factory.mktemp("old"))[0]


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same in version 0.6."""
    return pack(read_run("retried"), tmp_path_factory.mktemp("new"), policy=NEW)[0]


def test_a_crate_of_0_6_conforms(new: Path) -> None:
    """All that 0.6 and RO-Crate 1.3 REQUIRE holds, and all that they RECOMMEND but what nobody recorded."""
    found = check(new)
    assert found.ok, found.findings
    assert found.profile == "provenance-run-crate-0.6"
    told = {f.message.rsplit("(", 1)[1].rstrip(")") for f in found.findings if f.slug == "not-conformant"}
    assert told <= UNKNOWN


@pytest.mark.slow
def test_every_run_conforms_to_0_6(any_run: Run, tmp_path: Path) -> None:
    """The crate of every run keeps all that 0.6 REQUIRES."""
    target, _ = pack(any_run, tmp_path, policy=NEW)
    assert broken(target) == set()


@pytest.mark.slow
def test_the_versions_do_not_mix(new: Path, old: Path, tmp_path: Path) -> None:
    """A crate of one version with the context of the other breaks the terms that moved, and so does one that claims it."""
    mixed = Path(shutil.copytree(new, tmp_path / "mixed"))
    text = (mixed / METADATA).read_text()
    (mixed / METADATA).write_text(text.replace("crate/1.3", "crate/1.1"))
    found = broken(mixed)
    assert any(name.startswith("workflow-ro-crate-1.1") for name in found), found
    assert any(name.startswith("provenance-run-crate-0.6") for name in found), found


def test_what_differs_stands_in_one_place(old: Path, new: Path) -> None:
    """The two versions of a crate describe the same entities, but for the profiles that they claim and one identifier."""
    before, after = entities(old), entities(new)
    claims = {c.identifier for p in derived.PROFILES for c in p.claims}
    assert before.keys() ^ after.keys() == claims | {"#identifier"}
    texts = [path.read_text() for path in Path(derived.__file__).parent.glob("*.py") if "profile_0" not in path.name]
    assert not [text for text in texts if re.search(r"wfrun/[a-z]+/0\.[56]|\"0\.6\"|PROFILE\.version == \"0", text)]


def test_0_6_uses_the_terms_of_its_own_context(new: Path, old: Path) -> None:
    """Each version has the one context that goes with it, never that of RO-Crate 1.2."""
    for crate, version in ((new, "1.3"), (old, "1.1")):
        text = (crate / METADATA).read_text()
        assert set(re.findall(r"https://w3id\.org/ro/crate/([0-9.]+)", text)) == {version}


def test_every_reference_of_0_6_leads_somewhere(any_run: Run, tmp_path: Path) -> None:
    """Entities that get another @id in 0.6 are found under it, and what is neither file nor web has one with ``#``."""
    target, _ = pack(any_run, tmp_path, policy=NEW)
    known = entities(target)
    for entity in known.values():
        for name, value in entity.items():
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, dict) and entity["@id"] != METADATA and name != "additionalType":
                    assert one["@id"] in known, (entity["@id"], name)
    assert not [i for i in known if "#" in i and not i.startswith("#") and "://" not in i]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("step", None, "provenance-run-crate-0.6"),
        ("programmingLanguage", None, "workflow-ro-crate-1.1"),
        ("input", {"@id": "#run"}, "workflow-run-crate-0.6"),
    ],
)
def test_the_derived_shapes_bite(new: Path, tmp_path: Path, name: str, value: Any, expected: str) -> None:
    """The shapes made from those of 0.5 find what is wrong in a crate of 0.6."""

    def spoil(known: Entities) -> None:
        flow = known[known["./"]["mainEntity"]["@id"]]
        flow.pop(name, None) if value is None else flow.update({name: value})

    changed = change(Path(shutil.copytree(new, tmp_path / "crate")), spoil)
    assert any(check_.startswith(expected) for check_ in broken(changed)), broken(changed)


def test_every_shape_of_0_5_has_one_of_0_6(tmp_path: Path) -> None:
    """No term of 0.5 is left in the derived shapes, and none is lost."""
    import rdflib
    import rocrate_validator

    name = derived.write_profiles(tmp_path, profile_0_6.PROFILE, profile_0_6.PROFILE.provenance, False)
    assert name == "provenance-run-crate-0.6"
    root = Path(rocrate_validator.__file__).parent / "profiles"
    shape = rdflib.URIRef("http://www.w3.org/ns/shacl#NodeShape")
    for path in sorted(tmp_path.rglob("*.ttl")):
        text = path.read_text()
        for gone in ("/0.5", "ro/crate/1.1", "ComputationalWorkflow#", "<https://bioschemas.org/>", "bioschemas-cw"):
            assert gone not in text, (path, gone)
        made, given = rdflib.Graph().parse(path), rdflib.Graph().parse(root / path.relative_to(tmp_path))
        assert len(list(made.subjects(None, shape))) == len(list(given.subjects(None, shape)))


@pytest.mark.parametrize("version", ["0.5", "0.6"])
def test_what_provcap_promises_holds_in_both_versions(version: str, old: Path, new: Path) -> None:
    """provcap's own shapes find nothing in crates of either version, and are asked by `provcap check`."""
    assert own_broken(new if version == "0.6" else old) == set()


def own_broken(crate: Path) -> set[str]:
    """The names of our own shapes that the crate breaks, asked of pyshacl alone, as anybody can."""
    import pyshacl
    import rdflib

    context: dict[str, Any] = {}
    folder = Path(conformance.__file__).parent / "contexts"
    text = (crate / METADATA).read_text()
    for name in ("ro-crate-1.3" if "ro/crate/1.3" in text else "ro-crate-1.1", "workflow-run"):
        context |= json.loads((folder / f"{name}.jsonld").read_bytes())["@context"]
    document = json.loads(text)
    context |= next((c for c in document["@context"] if isinstance(c, dict)), {})
    data = rdflib.Graph().parse(
        data=json.dumps({"@context": context, "@graph": document["@graph"]}),
        format="json-ld",
        publicID="https://x.org/",
    )
    shapes = rdflib.Graph().parse(data=derived.shapes(), format="turtle")
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes, advanced=True)
    message = rdflib.URIRef("http://www.w3.org/ns/shacl#resultMessage")
    return {str(o) for o in report.objects(None, message)}


def _fact(known: Entities, kind: str) -> dict[str, Any]:
    return next(e for i, e in known.items() if i.startswith(kind))


SPOILT: dict[str, Callable[[Entities], object]] = {
    "absolute IRI": lambda k: _fact(k, "#fact/").update({"propertyID": "seed"}),
    "one value": lambda k: _fact(k, "#host/").pop("value", None) or _fact(k, "#fact/").pop("value"),
    "not negative": lambda k: _fact(k, "#usage/").update({"value": "-1"}),
    "unitCode": lambda k: _fact(k, "#usage/").pop("unitCode"),
    "64 lowercase": lambda k: next(e for e in k.values() if "sha256" in e).update({"sha256": "abc"}),
    "same name": lambda k: [e.update({"name": "job"}) for i, e in k.items() if i.startswith("#job/")],
    "one integer": lambda k: next(e for e in k.values() if "exitCode" in e).update({"exitCode": "1"}),
    "MUST have a name": lambda k: next(e for e in k.values() if e["@type"] == "Place").pop("name"),
    "MUST be a Place": lambda k: next(e for e in k.values() if e["@type"] == "Place").update({"@type": "Thing"}),
}


@pytest.mark.parametrize("message", SPOILT)
@pytest.mark.parametrize("version", ["0.5", "0.6"])
def test_own_shapes_bite(message: str, version: str, old: Path, new: Path, tmp_path: Path) -> None:
    """Each of our shapes finds what it is for, in crates of both versions."""
    changed = change(Path(shutil.copytree(new if version == "0.6" else old, tmp_path / "crate")), SPOILT[message])
    assert any(message in told for told in own_broken(changed)), own_broken(changed)


def test_check_asks_our_own_shapes(old: Path, tmp_path: Path) -> None:
    """`provcap check` asks roc-validator and our own profile in one go."""
    changed = change(Path(shutil.copytree(old, tmp_path / "crate")), SPOILT["not negative"])
    told = [f.message for f in check(changed).findings if f.slug == "not-conformant"]
    assert any("provcap-run-crate" in message for message in told), told


@pytest.mark.parametrize("version", ["1.0", "1.2", "9.9"])
def test_a_version_that_is_not_known_is_told(old: Path, tmp_path: Path, version: str) -> None:
    """A crate on another version of RO-Crate gets a warning that nobody asked for its rules, not errors by others."""
    crate = Path(shutil.copytree(old, tmp_path / "crate"))
    text = (crate / METADATA).read_text().replace("ro/crate/1.1", f"ro/crate/{version}")
    (crate / METADATA).write_text(re.sub(r"(wfrun/[a-z]+|workflow-ro-crate)/[0-9.]+", r"\1/0.0", text))
    (told,) = [f for f in check(crate).findings if f.slug == "conformance-unchecked"]
    assert (told.level, version in told.message) == ("warning", True)


def test_the_profile_is_chosen_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`provcap crate --profile 0.6` writes 0.6, the default is 0.5, and any other version is an error."""
    folder = tmp_path / ".provcap" / "runs" / "20260101T000000-0001"
    folder.mkdir(parents=True)
    run = Path(__file__).parent / "runs" / "minimal.json"
    shutil.copy(run, folder / "run.json")
    for options, version in (([], "1.1"), (["--profile", "0.6"], "1.3")):
        target = tmp_path / f"crate-{version}"
        assert main(["crate", "-d", str(tmp_path), "-o", str(target), *options]) == 0
        assert f"ro/crate/{version}/context" in (target / METADATA).read_text()
    with pytest.raises(SystemExit):
        main(["crate", "-d", str(tmp_path), "-o", str(tmp_path / "other"), "--profile", "1.2"])


def test_profiles_are_found_by_what_a_crate_claims() -> None:
    """The strictest claim that is known decides; without one, the version of RO-Crate does."""
    older, newer = profile_0_5.PROFILE, profile_0_6.PROFILE
    assert conformance.profile_of([c.identifier for c in newer.claims]) == (newer, newer.provenance)
    assert conformance.profile_of([older.process.identifier + "/"]) == (older, older.process)
    assert conformance.profile_of(["https://w3id.org/ro/crate/1.3"]) == (newer, None)
    assert conformance.profile_of(["https://example.org/"]) == (older, None)
