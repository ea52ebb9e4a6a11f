"""What an archive is told of a crate: where it comes from, in which order, and what hostile sources can do to it."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provcap import bundle
from provcap.deposit import settings as deposit_settings
from provcap.deposit import told
from provcap.deposit.describe import describe
from provcap.deposit.description import Description, Funding, Related
from provcap.deposit.facts import page_of
from provcap.deposit.settings import Settings, load
from provcap.errors import BadConfig, ProvcapError
from provcap.model import Agent, Run
from tests import foreign_crates
from tests.conftest import materialise, read_run
from tests.engines import ROOT

GOLDEN = Path(__file__).parent / "descriptions"
SAID = {"name": "T", "license": "CC0-1.0", "author": {"name": "A"}, "datePublished": "2026-11-21"}
VOCABULARY = deposit_settings.schema()["$defs"]["related"]["properties"]


@pytest.fixture(scope="module")
def crate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The crate of the run `succeeded`, as a directory."""
    base = tmp_path_factory.mktemp("crate")
    run = read_run("succeeded")
    bundle.write_crate(run, materialise(run, base / "work"), base / "crate")
    return base / "crate"


def packed(run: Run, base: Path) -> Path:
    """The crate of `run` as a directory."""
    bundle.write_crate(run, materialise(run, base / "work"), base / "crate")
    return base / "crate"


def foreign(folder: Path, root: dict[str, Any], *entities: dict[str, Any]) -> Path:
    """A crate with `root` as its root entity."""
    about = {"@id": "ro-crate-metadata.json", "@type": "CreativeWork", "about": {"@id": "./"}}
    graph = [about, {"@id": "./", "@type": "Dataset", **root}, *entities]
    folder.mkdir(parents=True)
    (folder / "ro-crate-metadata.json").write_text(json.dumps({"@context": [], "@graph": graph}))
    return folder


def test_description_of_a_recorded_run_is_the_golden_one(crate: Path) -> None:
    """Everything that an archive is told of a crate of provcap, word by word."""
    found, notes = describe(crate, Settings())
    plain = json.loads(json.dumps(asdict(found)))
    plain["technical"] = re.sub(r"of \d+ files \(.*?\)", "of N files (N kB)", plain["technical"])
    assert plain == json.loads((GOLDEN / "succeeded.json").read_bytes())
    assert notes == ()


def test_the_same_crate_gives_the_same_description(crate: Path) -> None:
    """No clock, no chance, no order of a set."""
    assert describe(crate, Settings()) == describe(crate, Settings())


def test_every_run_is_described(any_run: Run, tmp_path: Path) -> None:
    """Whatever happened in a run, once somebody says who and under which licence, an archive can be told; the words
    for relations and types are those of DataCite 4.5."""
    said = Settings(title="T", creators=(Agent("A"),), license="MIT", publication_date="2026-11-21")
    found, _ = describe(packed(any_run, tmp_path), said)
    assert (found.title, found.creators, found.license) == ("T", (Agent("A"),), "MIT")
    assert {r.relation for r in found.related} <= set(VOCABULARY["relation"]["enum"])
    assert {r.resource_type for r in found.related} - {None} <= set(VOCABULARY["type"]["enum"])
    assert json.dumps(asdict(found))


def test_the_first_source_that_says_something_counts(tmp_path: Path) -> None:
    """deposit.yaml before the crate before CITATION.cff before .zenodo.json, field by field."""
    root = foreign(tmp_path / "crate", {"name": "crate", "datePublished": "2026-01-01", "author": []})
    (root / "CITATION.cff").write_text(
        "cff-version: 1.2.0\nmessage: m\ntitle: cff\nlicense: MIT\nversion: 9\nauthors: [{family-names: Berg, "
        "name-particle: van den, given-names: Ann, orcid: https://orcid.org/0000-0002-1825-0097, affiliation: X}]\n"
    )
    zenodo = {"title": "z", "description": "<p>of &amp; z</p>", "creators": [{"name": "Z"}], "license": "cc-by-4.0"}
    grants = {"grants": [{"id": "10.13039/501100000780::42"}], "keywords": ["k"], "language": "deu"}
    (root / ".zenodo.json").write_text(json.dumps({**zenodo, **grants, "publication_date": "1999-01-01"}))
    found, _ = describe(root, Settings(keywords=("own",)))
    assert (found.title, found.license, found.description) == ("crate", "MIT", "of & z")
    assert [(a.name, a.id) for a in found.creators] == [("van den Berg, Ann", "https://orcid.org/0000-0002-1825-0097")]
    assert (found.keywords, found.language, found.publication_date) == (("own",), "deu", "2026-01-01")
    assert found.funding == (Funding("European Commission", "https://ror.org/00k4n6c32", "42"),)
    assert found.version is None  # that of the workflow is not that of the crate
    again, _ = describe(root, Settings(title="mine", license="CC BY 4.0"))
    assert (again.title, again.license) == ("mine", "CC-BY-4.0")


def test_citation_of_the_work_directory_is_read(tmp_path: Path) -> None:
    """A CITATION.cff that was not packed counts, too; its DOI is that of the workflow which made the results."""
    root = foreign(tmp_path / "crate", {**SAID, "name": None})
    (tmp_path / "CITATION.cff").write_text("title: from beside\ndoi: 10.5281/zenodo.42\n")
    found, _ = describe(root, Settings(), tmp_path)
    assert found.title == "from beside"
    assert Related("10.5281/zenodo.42", "doi", "IsCompiledBy", "Software") in found.related


@pytest.mark.parametrize("key", ["name", "license", "author", "datePublished"])
def test_what_is_missing_is_an_error_that_names_file_and_key(tmp_path: Path, key: str) -> None:
    """Without title, creators, licence or date no archive is asked; the error says where to say it."""
    root = foreign(tmp_path / "crate", {k: v for k, v in SAID.items() if k != key})
    with pytest.raises(ProvcapError) as caught:
        describe(root, Settings())
    assert caught.value.slug == "deposit-not-described"
    named = {"name": "title", "author": "authors", "datePublished": "publication_date"}.get(key, key)
    assert named in caught.value.message
    assert "config/deposit.yaml" in caught.value.hint
    assert "provcap.yaml" in caught.value.hint


def test_an_account_is_no_creator_and_a_made_up_title_no_title(tmp_path: Path) -> None:
    """A crate of a run of which nobody said anything has a name and a user; an archive is told neither."""
    run = read_run("succeeded")
    silent = replace(run, about=replace(run.about, title=None, authors=(), license=None), user="tester")
    with pytest.raises(ProvcapError, match=r"title, authors .*, license"):
        describe(packed(silent, tmp_path), Settings())


@pytest.mark.parametrize("made", [foreign_crates.nextflow, foreign_crates.galaxy, foreign_crates.process])
def test_crates_of_other_engines_are_described_as_far_as_they_tell(tmp_path: Path, made: Any) -> None:
    """nf-prov, Galaxy, a bare process: software with versions and the licence come from the metadata."""
    root = made(tmp_path / "crate")
    said = Settings(creators=(Agent("A"),), publication_date="2026-11-21")
    found, _ = describe(root, said)
    assert (found.title, found.license) == ("Fruit", "CC0-1.0")
    assert "provcap rerun" not in (found.technical or "")


@pytest.mark.parametrize("name", ["cwltool", "streamflow"])
def test_published_crates_of_other_engines_are_described(name: str, tmp_path: Path) -> None:
    """Real crates with relations as strings, lists and nested objects."""
    for path in (ROOT / "tests/foreign" / name).rglob("ro-crate-metadata.json"):
        said = Settings(title="T", creators=(Agent("A"),), license="MIT", publication_date="2026-11-21")
        found, _ = describe(path.parent, said)
        assert found.technical


@pytest.mark.parametrize(
    ("stated", "wanted"),
    [
        ("<b>Bold</b> <script>alert(1)</script>claims", "Bold alert(1) claims"),
        ("&lt;img src=x onerror=y&gt;A &amp;amp; B", "A & B"),
        ("p < 0.05 and n > 3", "p < 0.05 and n > 3"),
        ("a\x00\x1b[31m\u202eb\u200b\nc", "a [31mb c".replace(" [", "[")),
        ("e\u0301", "é"),
    ],
)
def test_titles_are_plain_text(tmp_path: Path, stated: str, wanted: str) -> None:
    """HTML, escapes of it, control and direction characters go; what only looks like HTML stays."""
    found, _ = describe(foreign(tmp_path / "c", {**SAID, "name": stated}), Settings())
    assert found.title == wanted


@pytest.mark.parametrize("stated", [["first", "second"], {"@value": "first"}, [[], {}, None, "first"], {"@id": "#n"}])
def test_a_title_in_another_shape_is_found(tmp_path: Path, stated: Any) -> None:
    """JSON-LD may have a list, a value object or a reference where a text should be."""
    named = {"@id": "#n", "@type": "Thing", "name": "first"}
    found, _ = describe(foreign(tmp_path / "c", {**SAID, "name": stated}, named), Settings())
    assert found.title == "first"


def test_long_texts_are_bounded(tmp_path: Path) -> None:
    """A title of a megabyte, ten thousand authors, a million keywords: cut, in no time worth speaking of."""
    many = {"author": [{"name": f"A{n}"} for n in range(10_000)], "keywords": "k," * 1_000_000}
    root = foreign(
        tmp_path / "c", {**SAID, **many, "name": "<" * 500_000 + "x" * 1_000_000, "description": "d" * 10**7}
    )
    found, _ = describe(root, Settings())
    assert len(found.title) <= told.LINE
    assert (len(found.creators), len(found.keywords)) == (told.MANY, 1)
    assert len(found.description) <= told.TEXT


def test_references_in_circles_end(tmp_path: Path) -> None:
    """Entities that refer to themselves and to each other are read one step far."""
    loop = {"@id": "#a", "@type": "Person", "name": {"@id": "#a"}, "affiliation": {"@id": "#b"}}
    back = {"@id": "#b", "@type": "Organization", "name": "B", "affiliation": {"@id": "#a"}, "funder": {"@id": "#b"}}
    root = {
        **SAID,
        "author": [{"@id": "#a"}, {"@id": "#b"}, {"@id": "./"}],
        "funder": {"@id": "#b"},
        "isBasedOn": {"@id": "./"},
    }
    found, _ = describe(foreign(tmp_path / "c", root, loop, back), Settings())
    assert [a.name for a in found.creators] == ["B", "T"]


def test_relations_of_zenodo_are_those_of_datacite(tmp_path: Path) -> None:
    """Their spelling is DataCite's afterwards; one that DataCite does not have, or no identifier, is left out."""
    root = foreign(tmp_path / "c", SAID)
    stated = [("10.5281/a", "isSupplementTo"), ("10.5281/b", "isFriendOf"), ("nothing", "cites"), (7, "cites")]
    related = [{"identifier": identifier, "relation": kind} for identifier, kind in stated]
    (root / ".zenodo.json").write_text(json.dumps({"related_identifiers": [*related, "x", {"relation": []}]}))
    found, _ = describe(root, Settings())
    assert found.related == (Related("10.5281/a", "doi", "IsSupplementTo"),)


def test_an_organisation_that_is_an_author_has_its_ror(tmp_path: Path) -> None:
    """It is told from a person, whose name has a family name."""
    made = {"@id": "https://ror.org/05gq02987", "@type": "Organization", "name": "Brown University"}
    found, _ = describe(foreign(tmp_path / "c", {**SAID, "author": [{"@id": made["@id"]}]}, made), Settings())
    assert found.creators == (Agent("Brown University", "https://ror.org/05gq02987"),)


def test_a_wrong_orcid_is_left_out_and_said(tmp_path: Path) -> None:
    """An author whose check digit is wrong is named without it."""
    wrong = {"@id": "https://orcid.org/0000-0002-1825-0098", "@type": "Person", "name": "A"}
    root = foreign(tmp_path / "c", {**SAID, "author": {"@id": wrong["@id"]}}, wrong)
    found, notes = describe(root, Settings())
    assert found.creators == (Agent("A"),)
    assert any("check digit" in note for note in notes)


def test_data_that_was_read_from_elsewhere_is_related(tmp_path: Path) -> None:
    """Inputs with a DOI or a URL, papers that are cited, and nothing that only this machine knows."""
    action = {
        "@id": "#r",
        "@type": "CreateAction",
        "object": [{"@id": i} for i in ("https://example.org/x.tif", "in.csv", "local.csv")],
    }
    files = [
        {"@id": "https://example.org/x.tif", "@type": "File"},
        {"@id": "in.csv", "@type": "File", "identifier": "https://doi.org/10.5281/ZENODO.7"},
        {"@id": "local.csv", "@type": "File", "sameAs": "file:///home/x/local.csv"},
    ]
    root = foreign(tmp_path / "c", {**SAID, "citation": {"@id": "https://doi.org/10.7717/peerj.453"}}, action, *files)
    found, _ = describe(root, Settings())
    assert {(r.identifier, r.relation) for r in found.related} == {
        ("10.7717/peerj.453", "Cites"),
        ("https://example.org/x.tif", "IsDerivedFrom"),
        ("10.5281/zenodo.7", "IsDerivedFrom"),
    }


@pytest.mark.parametrize(
    ("stated", "wanted"),
    [
        ("https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("http://spdx.org/licenses/Apache-2.0.html", "Apache-2.0"),
        ("https://opensource.org/licenses/MIT", "MIT"),
        ("cc by-sa 4.0", "CC-BY-SA-4.0"),
        ("gpl-3.0-or-later", "GPL-3.0-or-later"),
        ("as you like", None),
        ("LicenseRef-mine", None),
        ("MIT OR Apache-2.0", None),
        (["MIT"], None),
    ],
)
def test_licences_become_spdx_identifiers(stated: Any, wanted: str | None) -> None:
    """URLs of those who write licences, and usual spellings; what SPDX does not list is not guessed."""
    assert told.licence(stated) == wanted


@pytest.mark.parametrize(
    ("reference", "page"),
    [
        ("docker://ghcr.io/example/skimage:0.26.0", "https://ghcr.io/example/skimage"),
        ("docker://python:3.12", "https://hub.docker.com/_/python"),
        ("docker://quay.io/bio/x@sha256:" + "0" * 64, "https://quay.io/bio/x"),
        ("https://example.org/x.sif", "https://example.org/x.sif"),
        ("/home/me/x.sif", None),
        ("ihc:1.0.0", None),
        ("docker://registry.internal:5000/x", None),
    ],
)
def test_images_are_related_where_a_stranger_finds_them(reference: str, page: str | None) -> None:
    """A page of a public registry; never a path, or a registry that may be a house's own."""
    assert page_of(reference) == page


JSONS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(["./", "#a"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["@id", "@value", "@type", "name", "affiliation", "funder", "url"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from([*SAID, "keywords", "publisher", "funding", "citation", "version", "identifier"]), JSONS
    )
)
def test_no_metadata_breaks_the_description(tmp_path_factory: pytest.TempPathFactory, root: dict[str, Any]) -> None:
    """Whatever stands in the root: a description, or one clear error."""
    folder = foreign(tmp_path_factory.mktemp("c") / "c", root, {"@id": "#a", "@type": "Person", "name": {"@id": "#a"}})
    try:
        found, _ = describe(folder, Settings(license="MIT"))
    except ProvcapError as error:
        assert error.slug == "deposit-not-described"  # noqa: PT017
    else:
        assert isinstance(found, Description)
        assert all(ord(c) >= 32 for c in found.title)


TOKENS = [
    "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V2w3X4y5Z6a7B8c9D0",
    "0a1b2c3d-0000-4000-8000-0a1b2c3d4e5f",
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "https://me:hunter2@example.org/",
    "https://example.org/?access_token=abc",
]


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize(
    "text", ["url: '{}'", "keywords: ['{}']", "'{}': 1", "funding: [{{funder: x, award: '{}'}}]", "title: 'my {} x'"]
)
def test_a_token_in_deposit_yaml_is_refused_and_not_repeated(tmp_path: Path, token: str, text: str) -> None:
    """Wherever it stands, as a value or as a key; neither message nor hint has it."""
    path = tmp_path / "deposit.yaml"
    path.write_text(text.format(token))
    with pytest.raises(BadConfig) as caught:
        load(path)
    assert caught.value.slug == "token-in-config"
    assert token not in caught.value.message + caught.value.hint
    assert "environment" in caught.value.hint


def test_a_community_may_be_named_by_its_id(tmp_path: Path) -> None:
    """InvenioRDM's ids of communities look like tokens of Dataverse; under this key they are none."""
    (tmp_path / "deposit.yaml").write_text(f"community: {TOKENS[1]}")
    assert load(tmp_path / "deposit.yaml").community == TOKENS[1]


@pytest.mark.parametrize("key", ["token", "api_key", "ZENODO_TOKEN", "password", "secret", "apiKey", "Authorization"])
def test_a_key_for_a_token_is_refused(tmp_path: Path, key: str) -> None:
    """Also with a harmless value, and inside another mapping."""
    for text in (f"{key}: x", f"limits: {{{key}: 1}}"):
        (tmp_path / "deposit.yaml").write_text(text)
        with pytest.raises(BadConfig, match="looks like a token"):
            load(tmp_path / "deposit.yaml")


@pytest.mark.parametrize("text", ["url: ['{}'", 'title: "{}', "{}: : :", "? [{}"])
def test_a_file_that_is_no_yaml_is_not_quoted(tmp_path: Path, text: str) -> None:
    """A syntax error names line and column; what stands there may be a token."""
    (tmp_path / "deposit.yaml").write_text(text.format(TOKENS[0]))
    with pytest.raises(BadConfig) as caught:
        load(tmp_path / "deposit.yaml")
    assert TOKENS[0] not in caught.value.message
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("archive: moon", "archive"),
        ("url: ftp://x", "url"),
        ("licence: MIT", "licence"),
        ("creators: [{orcid: 0000-0002-1825-0097}]", "name"),
        ("creators: [{name: a, orcid: 0000-0002-1825-0098}]", "check digit"),
        ("funding: [{funder: a, ror: 05gq02988}]", "ROR"),
        ("related: [{identifier: x, relation: Cites}]", "no DOI"),
        ("related: [{identifier: 10.5281/a, relation: Likes}]", "relation"),
        ("embargo: soon", "embargo"),
        ("contact: me", "contact"),
        ("subjects: [Alchemy]", "subjects"),
        ("limits: {files: 0}", "files"),
        ("allow: [{rule: email, where: x}]", "because"),
        ("- a", "mapping"),
    ],
)
def test_errors_of_deposit_yaml_name_file_and_key(tmp_path: Path, text: str, named: str) -> None:
    """One line that says what is wrong, and where."""
    path = tmp_path / "deposit.yaml"
    path.write_text(text)
    with pytest.raises(BadConfig) as caught:
        load(path)
    assert str(path) in caught.value.message
    assert named in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    "url", ["https://example.org/archive", "http://127.0.0.1:5000", "/data/archive", "../my archive"]
)
def test_an_archive_is_a_server_or_a_folder(tmp_path: Path, url: str) -> None:
    """What `url` may be."""
    (tmp_path / "deposit.yaml").write_text(f"url: {url}")
    assert load(tmp_path / "deposit.yaml").url == url


def test_the_example_is_understood_in_full() -> None:
    """config/deposit.yaml of the repository uses every kind of key, and its schema is one."""
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(deposit_settings.schema())
    found = load(ROOT / "config/deposit.yaml")
    assert (found.archive, found.related[0].scheme, found.funding[0].funder) == ("zenodo", "doi", "European Commission")
    assert found.contact
    assert set(found.subjects) <= set(deposit_settings.schema()["properties"]["subjects"]["items"]["enum"])
