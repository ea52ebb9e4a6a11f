"""Sheets of REMBI and MIFA: what people fill in is checked cell by cell, and nothing hostile gets through."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import datetime
import io
import json
import re
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from provcap import annotated, bundle, cli, codec, digest, graph, rembi, report, store, summary
from provcap.bioimage.contradicting import contradicted, sizes_um
from provcap.deposit.describe import describe
from provcap.deposit.settings import Settings
from provcap.errors import ProvcapError
from provcap.matching import files_of
from provcap.model import About, Acquisition, Artifact, Channel, Objective, Run
from provcap.opening import open_run
from provcap.redact import public
from provcap.rembi import Filled, conforming, modules, ontologies
from provcap.report.methods import methods
from provcap.seal import chain
from tests.conftest import materialise, read_run
from tests.studies import STUDY
from tests.test_crate import entities, refs

NOW = "2026-11-22T10:00:00.000+00:00"
FILLED: dict[str, list[dict[str, str]]] = {
    "study": [{
        "title": "Nuclei of cells after a treatment", "description": "Cells were treated, stained and imaged.",
        "keywords": "nuclei; HeLa", "license": "CC-BY-4.0", "released": "2026-11-21",
    }],
    "authors": [
        {"name": "Josiah Carberry", "orcid": "0000-0002-1825-0097", "affiliation": "Brown", "ror": "05gq02987"},
        {"name": "Sam Sample", "affiliation": "Brown"},
    ],
    "biosamples": [{
        "id": "HeLa", "biological_entity": "nuclei", "organism": "Homo sapiens", "organism_id": "NCBITaxon_9606",
        "cell_line": "HeLa", "cell_line_id": "CVCL_0030",
    }],
    "specimens": [{
        "id": "fixed", "biosamples": "hela", "preparation": "-20 °C methanol", "reagents": "RRID: AB_2298772",
        "protocol": "https://doi.org/10.5555/ABC",
    }],
    "acquisitions": [{
        "id": "wide", "specimens": "fixed", "methods": "fluorescence microscopy", "methods_id": "FBbi:00000246",
        "instrument": "a microscope", "parameters": "50 ms", "pid": "https://hdl.handle.net/21.T11998/0000-001A-3905-1",
    }],
    "image_data": [{
        "id": "raw", "description": "raw images", "files": "inputs/*.ome.tif", "specimens": "fixed",
        "acquisitions": "wide", "kind": "raw",
    }],
}  # fmt: skip


def written(path: Path, lines: Mapping[str, Any] = FILLED, template: str = "rembi") -> Path:
    path.write_bytes(rembi.write(template, path.suffix, lines))
    return path


def changed(module: str, number: int = 0, **values: str) -> dict[str, list[dict[str, str]]]:
    """The filled sheet with other values in one entry."""
    new = {key: [dict(line) for line in lines] for key, lines in FILLED.items()}
    new.setdefault(module, [{}])[number].update(values)
    return new


def told(filled: Filled) -> list[str]:
    return [f"{problem.where}: {problem.message}" for problem in filled.problems]


def edited(path: Path, change: Callable[[Any], None]) -> Path:
    """The workbook with a change made by openpyxl."""
    book = openpyxl.load_workbook(path)
    change(book)
    book.save(path)
    return path


def repacked(path: Path, parts: Mapping[str, bytes]) -> Path:
    """The workbook with other parts, or more of them."""
    with zipfile.ZipFile(path) as old:
        known = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in {**known, **parts}.items():
            new.writestr(name, content)
    return path


@pytest.fixture
def place(tmp_path: Path) -> tuple[Path, Run]:
    """A work directory with a run that was collected, and its folder."""
    run = read_run("succeeded")
    materialise(run, tmp_path)
    folder = store.run_folder(tmp_path, run.id)
    store.write_atomic(folder / "run.json", codec.dump_run(run).encode())
    return folder, run


@pytest.mark.parametrize("suffix", [".xlsx", ".csv", ".tsv"])
@pytest.mark.parametrize("template", ["rembi", "mifa"])
def test_a_template_is_the_same_file_every_time(template: str, suffix: str) -> None:
    """Two templates are the same byte for byte, however much time lies between them."""
    first = rembi.write(template, suffix, FILLED)
    time.sleep(0.01 if suffix != ".xlsx" else 2.1)  # a zip knows two seconds
    assert rembi.write(template, suffix, FILLED) == first


def test_the_template_is_a_workbook_to_choose_from(tmp_path: Path) -> None:
    """It has a sheet per module of REMBI, names, meanings, texts as format, and values to choose from; MIFA has more."""
    book = openpyxl.load_workbook(written(tmp_path / "a.xlsx", {}))
    titles = [m.title for m in modules.modules("rembi")]
    assert book.sheetnames == ["Read me", *titles]
    for module in modules.modules("rembi"):
        sheet = book[module.title]
        assert [cell.value.rstrip(" *") for cell in sheet[1]] == [field.name for field in module.fields]
        assert sheet["A2"].value.startswith("# ")
        assert sheet.column_dimensions["A"].number_format == "@"
    offers = {str(d.sqref): d.formula1 for d in book["Specimen"].data_validations.dataValidation}
    assert offers == {"I3:I202": '"test,control"'}
    more = openpyxl.load_workbook(written(tmp_path / "b.xlsx", {}, "mifa"))
    assert set(more.sheetnames) - set(book.sheetnames) == {"Annotations", "Annotation files"}


@pytest.mark.parametrize("suffix", [".xlsx", ".csv", ".tsv"])
def test_what_was_filled_in_is_read_in_its_normal_form(tmp_path: Path, suffix: str) -> None:
    """All three kinds of sheet give the same study; identifiers are in their normal form, references as defined."""
    filled = rembi.read(written(tmp_path / f"s{suffix}"), NOW)
    assert told(filled) == []
    study = filled.study
    assert study is not None
    assert study.sheet.digest == digest.of_bytes((tmp_path / f"s{suffix}").read_bytes())
    assert study.authors[0].id == "https://orcid.org/0000-0002-1825-0097"
    assert study.authors[0].affiliation.id == "https://ror.org/05gq02987"  # type: ignore[union-attr]
    (sample,), (specimen,), (way,), (data,) = study.biosamples, study.specimens, study.acquisitions, study.image_data
    assert (sample.organism.id, sample.organism.iri) == (
        "NCBITaxon:9606", "http://purl.obolibrary.org/obo/NCBITaxon_9606"
    )  # fmt: skip
    assert sample.cell_line is not None
    assert sample.cell_line.iri == "https://www.cellosaurus.org/CVCL_0030"
    assert (specimen.biosamples, specimen.preparation) == (("HeLa",), "-20 °C methanol")
    assert (specimen.reagents, specimen.protocol) == (("RRID:AB_2298772",), "10.5555/abc")
    assert way.instrument.pid == "hdl:21.T11998/0000-001A-3905-1"
    assert (data.files, data.acquisitions, data.kind) == (("inputs/*.ome.tif",), ("wide",), "raw")


def test_an_empty_template_says_what_is_missing(tmp_path: Path) -> None:
    """Whoever annotates with the template as it came is told which sheets are to be filled in."""
    filled = rembi.read(written(tmp_path / "s.xlsx", {}), NOW)
    assert filled.study is None
    assert {p.where for p in filled.problems} == {
        "Study", "Authors", "Biosample", "Specimen", "Image acquisition", "Image data"
    }  # fmt: skip


WRONG = {
    "required": ("specimens", {"preparation": ""}, r"Specimen!C3: Sample preparation is missing"),
    "reference": ("specimens", {"biosamples": "HeLaa"}, r"Specimen!B3: the sheet Biosample has no 'HeLaa': did you mean HeLa\?"),
    "choice": ("image_data", {"kind": "rwa"}, r"Image data!G3: 'rwa' is no value of Type: did you mean raw\?"),
    "orcid": ("authors", {"orcid": "0000-0002-1825-0098"}, r"Authors!B3: ORCID: .*check digit is wrong"),
    "ror": ("authors", {"ror": "https://ror.org/05gq02988"}, r"Authors!E3: ROR: .*check digits are wrong"),
    "rrid": ("specimens", {"reagents": "RRID:AB_1"}, r"Specimen!G3: Reagents: .*is not an RRID"),
    "pidinst": ("acquisitions", {"pid": "microscope 7"}, r"Image acquisition!F3: Instrument PID: .*is not a PIDINST"),
    "doi": ("specimens", {"protocol": "doi:11.1/x"}, r"Specimen!J3: Protocol: .*is not a DOI"),
    "date": ("study", {"released": "21.11.2026"}, r"Study!E3: Release date: '21.11.2026' is no date"),
    "no such day": ("study", {"released": "2026-02-30"}, r"Study!E3: Release date: '2026-02-30' is no date"),
    "short title": ("study", {"title": "Nuclei"}, r"Study!A3: Title: it has 6 characters, and REMBI wants 25"),
    "ontology": ("biosamples", {"organism_id": "UBERON:0000317"}, r"Biosample!E3: Organism ID: .* is of UBERON: here it is one of NCBITaxon"),
    "digits": ("acquisitions", {"methods_id": "FBbi:246"}, r"Image acquisition!D3: .*after FBbi come 8 digits"),
    "slip of prefix": ("biosamples", {"organism_id": "NCBITaxn:9606"}, r"did you mean NCBITaxon\?"),
    "other organism": ("biosamples", {"organism_id": "NCBITaxon:10090"}, r"Biosample!E3: NCBITaxon:10090 is Mus musculus; Homo sapiens is NCBITaxon:9606"),
    "other method": ("acquisitions", {"methods_id": "FBbi:00000243"}, r"Image acquisition!D3: FBbi:00000243 is bright-field microscopy; fluorescence microscopy is FBbi:00000246"),
    "id alone": ("biosamples", {"tissue_id": "UBERON:0001155"}, r"Biosample!G3: Tissue ID is there, and Tissue is not"),
    "two for one": ("acquisitions", {"methods": "a; b"}, r"Image acquisition!D3: 1 of Imaging method ID for 2 of Imaging method"),
    "backslash": ("image_data", {"files": "inputs\\a.tif"}, r"Image data!C3: Files: paths are written with /"),
    "same name": ("authors", {"name": "Sam Sample"}, r"Authors!A4: 'Sam Sample' stands in Authors!A3 already"),
    "control": ("specimens", {"growth_protocol": "a\x7fb"}, r"Specimen!D3: it has control characters"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_told_with_its_cell(case: str, tmp_path: Path) -> None:
    """Each mistake is told with sheet, column and row, and gives no study."""
    module, values, message = WRONG[case]
    filled = rembi.read(written(tmp_path / "s.xlsx", changed(module, **values)), NOW)
    assert filled.study is None
    assert [line for line in told(filled) if re.search(message, line)], told(filled)
    assert len(filled.problems) == 1 or case == "slip of prefix"


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("colon, nuclei,  mouse", ("colon", "nuclei", "mouse")),
        ("colon, human; nuclei", ("colon, human", "nuclei")),
        ("colon", ("colon",)),
    ],
)
def test_keywords_may_have_commas_between_them(said: str, wanted: tuple[str, ...], tmp_path: Path) -> None:
    """Without a semicolon commas separate keywords; with one they belong to them."""
    study = rembi.read(written(tmp_path / "s.csv", changed("study", keywords=said)), NOW).study
    assert study is not None
    assert study.keywords == wanted


LICENCES = {
    "CC-BY-4.0": True, "CC0": True, "CC BY 4.0": True, "MIT": True, "gpl-3.0": True, "Unlicense": True, "": True,
    "https://example.org/terms": True, "GPL maybe": False, "all rights reserved": False, "yes": False,
}  # fmt: skip


@pytest.mark.parametrize("said", LICENCES)
def test_a_licence_that_is_none_is_noted_at_once(said: str, tmp_path: Path) -> None:
    """What can be no name or address of a licence is put into the run with a note."""
    filled = rembi.read(written(tmp_path / "s.csv", changed("study", license=said)), NOW)
    assert filled.study is not None
    noted = [note for note in filled.notes if note.startswith(f"Study, Licence: {said!r} names no licence")]
    assert bool(noted) == (not LICENCES[said])


def test_all_mistakes_are_told_at_once_in_a_text_file_by_row(tmp_path: Path) -> None:
    """In CSV the place is column and row of the file, with module and field in words."""
    lines = changed("authors", orcid="0000-0002-1825-0098") | {"grants": [{"identifier": "7"}]}
    filled = rembi.read(written(tmp_path / "s.csv", lines), NOW)
    rows = list(csv.reader(io.StringIO((tmp_path / "s.csv").read_text())))
    row = 1 + next(n for n, cells in enumerate(rows) if cells[:3] == ["Authors", "1", "ORCID"])
    assert told(filled)[0].startswith(f"D{row} (Authors 1, ORCID): ORCID: ")
    assert "(Grants 1, Funder): Funder is missing, and REMBI requires it" in told(filled)[1]


HOSTILE: dict[str, tuple[Callable[[Any], None], str]] = {
    "formula": (lambda b: b["Specimen"].__setitem__("C3", "=1+1"), r"Specimen!C3: a formula"),
    "command": (lambda b: b["Study"].__setitem__("A3", '=cmd|"/c calc"!A1'), r"Study!A3: a formula"),
    "merged": (lambda b: b["Biosample"].merge_cells("B3:B5"), r"Biosample!B3:B5: merged cells"),
    "column": (lambda b: b["Specimen"].__setitem__("K1", "Sampel preparation"), r"Specimen!K1: .*did you mean Sample preparation\?"),
    "headless": (lambda b: b["Specimen"].__setitem__("Z9", "x"), r"Specimen!Z9: something stands in a column without a head"),
    "sheet": (lambda b: setattr(b["Specimen"], "title", "Specimens"), r"Specimens: no sheet .*did you mean Specimen\?"),
    "gene": (
        lambda b: b["Study"].__setitem__("C3", datetime.datetime(2026, 9, 2)),  # SEPT2
        r"Study!C3: Excel made a date of what was typed",
    ),
    "twice": (lambda b: b["Specimen"].__setitem__("K1", "Location"), r"Specimen!K1: there are two columns Location"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_what_a_spreadsheet_does_by_itself_is_refused(case: str, tmp_path: Path) -> None:
    """Formulas, merged cells, unknown columns and sheets are each told with their place."""
    change, message = HOSTILE[case]
    filled = rembi.read(edited(written(tmp_path / "s.xlsx"), change), NOW)
    assert filled.study is None
    assert [line for line in told(filled) if re.search(message, line)], told(filled)


def test_numbers_and_dates_of_excel_are_read_as_people_see_them(tmp_path: Path) -> None:
    """A date typed into Excel is that day, a whole number has no point, and a sheet of one's own is noted."""

    def change(book: Any) -> None:
        book["Study"]["E3"] = datetime.datetime(2026, 11, 21)
        book["Specimen"]["D3"] = 37
        book.create_sheet("my notes")["A1"] = "=1"

    filled = rembi.read(edited(written(tmp_path / "s.xlsx"), change), NOW)
    assert filled.study is not None
    assert filled.study.released == "2026-11-21"
    assert filled.study.specimens[0].growth_protocol == "37"
    assert filled.notes == ("the sheet my notes was not read: it is none of REMBI or MIFA",)


BOMB = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>'
FAR = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    b'<row r="99999999999"><c r="A99999999999"><v>1</v></c></row></sheetData></worksheet>'
)
PACKAGES: dict[str, tuple[dict[str, bytes], str]] = {
    "entities": ({"xl/worksheets/sheet2.xml": BOMB}, "declares a document type or entities"),
    "utf-16": ({"xl/workbook.xml": BOMB.decode().encode("utf-16")}, "is not UTF-8"),
    "other encoding": ({"xl/workbook.xml": b"<?xml version='1.0' encoding='cp037'?><a/>"}, "is not UTF-8"),
    "macros": ({"xl/vbaProject.bin": b"x"}, "it has macros"),
    "links": ({"xl/externalLinks/externalLink1.xml": b"<a/>"}, "links to other workbooks"),
    "objects": ({"xl/embeddings/oleObject1.bin": b"x"}, "objects of other programs"),
    "bomb": ({"xl/media/zeros.bin": bytes(40 << 20)}, "more than"),
    "styles": ({"xl/styles.xml": b"<styleSheet>" + b"<xf/>" * 300_000 + b"</styleSheet>"}, "more than 1 MiB"),
    "rows": ({"xl/worksheets/sheet2.xml": FAR}, "rows that no sheet of Excel has"),
    "broken": ({"xl/workbook.xml": b"<workbook"}, "no Excel workbook, or damaged"),
}


@pytest.mark.parametrize("case", PACKAGES)
def test_a_hostile_workbook_is_refused_before_it_is_parsed(case: str, tmp_path: Path) -> None:
    """Bombs, entities, macros, links and objects give one line, in less than ten seconds."""
    parts, message = PACKAGES[case]
    path, began = repacked(written(tmp_path / "s.xlsx"), parts), time.monotonic()
    with pytest.raises(ProvcapError, match=message) as raised:
        rembi.read(path, NOW)
    assert raised.value.slug == "bad-sheet"
    assert time.monotonic() - began < 10


def test_cells_far_out_cost_no_time(tmp_path: Path) -> None:
    """A cell at the end of Excel's grid, and ranges over all of it, are told or passed over within seconds."""
    path = written(tmp_path / "s.xlsx")
    with zipfile.ZipFile(path) as archive:
        name = "xl/worksheets/sheet8.xml"
        content = archive.read(name).decode()
    assert "Sample preparation" in content
    far = '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>far</t></is></c></row></sheetData>'
    all_of_it = '<mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    assert "</sheetData>" in content
    repacked(path, {name: content.replace("</sheetData>", far + all_of_it).encode()})
    began = time.monotonic()
    found = told(rembi.read(path, NOW))
    assert time.monotonic() - began < 10
    assert any("XFD1048576: something stands" in line for line in found), found
    assert any("A1:XFD1048576: merged cells" in line for line in found), found


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("s.xls", b"", "no sheet that provcap reads"),
        ("s.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old .xls, or a workbook with a password"),
        ("s.xlsx", b"PK\x03\x04 no", "damaged"),
        ("s.csv", b"module,entry,field,value\nStudy,1,Title,K\xe4fer", "row 2 is not UTF-8 .byte 0xe4.: save it as CSV UTF-8"),
        ("s.csv", b"a,b\n1,2\n", "there is no column module"),
        ("s.csv", b'module,entry,field,value\nStudy,1,Title,"x', "row 2"),
        ("s.csv", b"module,entry,field,value\n" + b"Study,1,Title,x\n" * 1_200_000, "larger than 16 MiB"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_sheet_is_refused_in_one_line(
    name: str, content: bytes, message: str, tmp_path: Path
) -> None:
    """Old, broken, oversized files and other encodings: one line with a way out."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ProvcapError, match=message) as raised:
        rembi.read(tmp_path / name, NOW)
    assert raised.value.hint


@pytest.mark.parametrize("how", ["semicolons", "bom", "utf-16", "tail", "carriage returns"])
def test_csv_as_programs_write_it(how: str, tmp_path: Path) -> None:
    """German Excel's semicolons, byte order marks, UTF-16, other line ends and empty rows at the end make no difference."""
    text = written(tmp_path / "s.csv").read_text()
    content = {
        "semicolons": rembi.longform.write(list(csv.reader(io.StringIO(text)))[1:], ";"),
        "bom": b"\xef\xbb\xbf" + text.encode(),
        "utf-16": text.encode("utf-16"),
        "tail": (text + ",,,,\n" * 500 + "\n\n").encode(),
        "carriage returns": text.replace("\n", "\r\n").encode(),
    }[how]
    plain = rembi.read(tmp_path / "s.csv", NOW).study
    (tmp_path / "t.csv").write_bytes(content)
    filled = rembi.read(tmp_path / "t.csv", NOW)
    assert told(filled) == []
    assert codec.encode(filled.study)["biosamples"] == codec.encode(plain)["biosamples"]
    assert codec.encode(filled.study)["specimens"] == codec.encode(plain)["specimens"]


@pytest.mark.parametrize("name", ["libreoffice.xlsx", "libreoffice.csv"])
def test_libreoffice_keeps_what_was_filled_in(name: str, tmp_path: Path) -> None:
    """A sheet that LibreOffice opened and saved in its own way says the same study as before."""
    before = rembi.read(written(tmp_path / "s.tsv"), NOW)
    saved = rembi.read(Path(__file__).parent / "sheets" / name, NOW)
    assert told(saved) == []
    assert before.study is not None
    assert saved.study is not None
    assert dataclasses.replace(saved.study, sheet=before.study.sheet) == before.study


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40))
@settings(max_examples=25, deadline=None)
def test_no_text_becomes_a_formula_and_every_text_comes_back(text: str) -> None:
    """What is written into a sheet is read again as it was, whatever it begins with: = + - @ or a quote."""
    text = f"={text}" if len(text) % 2 else text
    lines = changed("specimens", growth_protocol=text)
    for suffix in (".xlsx", ".csv"):
        data = rembi.write("rembi", suffix, lines)
        entries: list[Any] = []
        problems: list[Any] = []
        entries = rembi.workbook.read(data, problems, []) if suffix == ".xlsx" else rembi.longform.read(data, problems)
        (entry,) = [e for e in entries if e.module.key == "specimens"]
        assert problems == []
        assert entry.text("growth_protocol") == text.strip() or text.startswith("'")


@given(st.binary(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_bytes_give_a_study_mistakes_or_one_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """No file makes the reader fail in another way."""
    for name in ("s.csv", "s.tsv", "s.xlsx"):
        path = tmp_path_factory.getbasetemp() / name
        path.write_bytes((b"module,entry,field,value\n" if name == "s.csv" else b"") + data)
        with contextlib.suppress(ProvcapError):
            assert rembi.read(path, NOW).study is None


WORKBOOK = rembi.write("rembi", ".xlsx", FILLED)


@given(st.lists(st.tuples(st.integers(1, 60_000), st.integers(0, 255)), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_a_damaged_workbook_gives_a_study_mistakes_or_one_error(
    tmp_path_factory: pytest.TempPathFactory, flips: list[tuple[int, int]]
) -> None:
    """Bytes that changed anywhere in a workbook, its directory at the end above all, make the reader fail in no other way."""
    content = bytearray(WORKBOOK)
    for place, value in flips:
        content[-1 - place % len(content) if place % 2 else -1 - place % 1500] = value
    path = tmp_path_factory.getbasetemp() / "damaged.xlsx"
    path.write_bytes(bytes(content))
    with contextlib.suppress(ProvcapError):
        filled = rembi.read(path, NOW)
        assert (filled.study is None) == bool(filled.problems)


def test_identifiers_of_ontologies_are_read_in_any_spelling() -> None:
    """Compact, with an underscore, as an IRI, in small letters."""
    read = ontologies.reader("NCBITaxon")
    for text in (
        "NCBITaxon:9606",
        "ncbitaxon_9606",
        "http://purl.obolibrary.org/obo/NCBITaxon_9606",
        "obo:NCBITaxon_9606",
    ):
        assert read(text) == "NCBITaxon:9606"
    assert ontologies.iri("EFO:0000400") == "http://www.ebi.ac.uk/efo/EFO_0000400"


MIFA = {
    **changed("study", funding="Paid by nobody", license="CC0-1.0"),
    "annotations": [{
        "id": "masks", "overview": "masks of nuclei", "kinds": "Segmentation mask; tracks", "method": "by hand",
        "authors": "Sam Sample",
    }],
    "annotation_files": [
        {"annotation": "masks", "file": "results/labels.tif", "source_image": "inputs/nuclei.ome.tif"}
    ],
}  # fmt: skip


def test_mifa_annotations_name_their_images(tmp_path: Path) -> None:
    """A MIFA sheet gives sets of annotations with their files; it needs a licence, a funding statement and known types."""
    study = rembi.read(written(tmp_path / "s.xlsx", MIFA, "mifa"), NOW).study
    assert study is not None
    (masks,) = study.annotations
    assert masks.kinds == ("segmentation_mask", "tracks")
    assert masks.files[0].source_image == "inputs/nuclei.ome.tif"
    assert masks.authors == (study.authors[1],)
    poor = {**MIFA, "study": FILLED["study"]}
    poor["annotations"] = [{**MIFA["annotations"][0], "kinds": "masks"}]
    found = "\n".join(told(rembi.read(written(tmp_path / "t.xlsx", poor, "mifa"), NOW)))
    assert "Study!H3: MIFA requires a funding statement" in found
    assert "Annotations!C3: 'masks' is no value of Type" in found


def test_the_models_of_rembi_accept_what_a_sheet_gives(tmp_path: Path) -> None:
    """Every module passes the published pydantic models, which are asked; one that lacks a value does not."""
    study = rembi.read(written(tmp_path / "s.xlsx", MIFA, "mifa"), NOW).study
    assert study is not None
    names = [where.split(" ")[0] for where, _, _ in conforming.parts(study)]
    assert set(names) == {"Study", "Biosample", "Specimen", "Image"}
    assert conforming.check(study) == []
    broken = dataclasses.replace(study, released="soon")
    assert [p.where for p in conforming.check(broken)] == ["Study"]


def test_the_template_knows_what_the_run_knows(tmp_path: Path) -> None:
    """Title, authors with ORCID and ROR, images with paths and sizes, objective, wavelengths and the analysis are there."""
    run = read_run("succeeded")
    (image,) = [a for job in run.jobs for a in job.inputs if a.path == "inputs/nuclei.ome.tif"][:1]
    found = Acquisition(
        image.digest or "", "OME-TIFF", "a reader", axes="YX", shape=(64, 32), pixel_size_x_um=0.5, pixel_size_y_um=0.5,
        channels=(Channel("DAPI", excitation_nm=405.0, exposure_s=0.1),), objective=Objective("Plan", 40.0, 1.3),
        microscope="Makers M1",
    )  # fmt: skip
    lines = rembi.prefilled(dataclasses.replace(run, acquisitions=(found,)), methods(run))
    assert lines["study"][0]["title"] == "Nuclei segmentation"
    assert lines["authors"][0]["orcid"] == "https://orcid.org/0000-0002-1825-0097"
    assert lines["authors"][0]["ror"] == "https://ror.org/03yrm5c26"
    assert lines["image_data"][0]["files"] == "inputs/nuclei.ome.tif"
    assert "0.5" in lines["image_data"][0]["pixel_size"]
    (way,) = lines["acquisitions"]
    assert "Makers M1" in way["instrument"]
    assert "40" in way["instrument"]
    assert "405" in way["parameters"]
    assert "imaging method" not in way
    assert "Snakemake workflow" in lines["analyses"][0]["method"]
    (tmp_path / "s.xlsx").write_bytes(rembi.write("rembi", ".xlsx", lines))
    filled = rembi.read(tmp_path / "s.xlsx", NOW)
    assert {p.where.partition("!")[0] for p in filled.problems} <= {
        "Study", "Biosample", "Specimen", "Image acquisition", "Image data"
    }  # fmt: skip


@pytest.mark.parametrize("folders", [("data", "data"), ("data/low", "data/high")])
def test_a_pattern_of_the_template_means_its_own_images_alone(folders: tuple[str, str]) -> None:
    """Of two kinds of image that lie mixed in one folder each is named; in a folder of its own a pattern stands for it."""
    images = [Artifact(f"{folders[n % 2]}/{n:02}.tif", digest=f"sha256:{n:064}") for n in range(60)]
    seen = tuple(
        Acquisition(a.digest or "", "OME-TIFF", "a reader", pixel_size_x_um=0.2 + n % 2, pixel_size_y_um=0.2 + n % 2)
        for n, a in enumerate(images)
    )
    run = read_run("succeeded")
    job = dataclasses.replace(run.jobs[0], inputs=tuple(images))
    run = dataclasses.replace(run, jobs=(job,), acquisitions=seen)
    kinds = [line["files"].split("; ") for line in rembi.prefilled(run, "")["image_data"]]
    paths = [image.path for image in images]
    assert sorted([a.path for a in files_of(run, of)] for of in kinds) == sorted([paths[::2], paths[1::2]])
    assert [len(of) for of in kinds] == ([30, 30] if folders[0] == folders[1] else [1, 1])


PATTERNS = {
    "inputs/nuclei.ome.tif": True, "inputs/*": True, "**/*.ome.tif": True, "inputs": True, "**": True, "inputs/**": True,
    "*.tif": False, "inputs/*.tif/**": True, "nuclei.ome.tif": False, "inputs/?uclei.ome.tif": True, "in*/nu*": True,
    "inputs/[n]uclei.ome.tif": False, "*/" * 200 + "*": False, "**/" * 500 + "x": False,
}  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_mean_files_of_the_run(pattern: str) -> None:
    """Stars stay in a folder, two stars do not, a folder means what is in it; no pattern takes long."""
    began = time.monotonic()
    found = [a.path for a in files_of(read_run("succeeded"), [pattern])]
    assert ("inputs/nuclei.ome.tif" in found) == PATTERNS[pattern]
    assert time.monotonic() - began < 1


def test_annotating_leaves_the_seal_and_keeps_the_sheet(
    place: tuple[Path, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sheet is put into the run with time and digest; its journals and seal stay; the next sheet replaces it."""
    folder, run = place
    workdir = folder.parents[2]
    (folder / "events.jsonl").write_text('{"format":"provcap.event/1","event":"run_started"}\n')
    chain.seal(folder)
    before = {name: (folder / name).read_bytes() for name in ("events.jsonl", "seal.json")}
    first = written(tmp_path / "one.csv")
    assert cli.main(["annotate", "-d", str(workdir), str(first)]) == 0
    new = open_run(run.id, workdir).run
    assert new.study is not None
    assert new.study.sheet.name == "one.csv"
    assert new.study.sheet.digest == digest.of_bytes(first.read_bytes())
    assert new.study.sheet.annotated > run.started
    assert annotated.sheet(folder, new.study) == first.read_bytes()
    assert cli.main(["annotate", "-d", str(workdir), run.id, str(first)]) == 0
    assert open_run(run.id, workdir).run == new  # the same sheet again: it was put in when it was
    second = written(tmp_path / "two.xlsx", changed("study", title="Another title, of the second sheet"))
    assert cli.main(["annotate", "-d", str(workdir), str(second), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["title"].startswith("Another")
    assert [p.suffix for p in folder.glob("sheet-*")] == [".xlsx"]
    assert before == {name: (folder / name).read_bytes() for name in before}
    assert list(chain.breaks(folder)) == []


def test_a_wrong_sheet_changes_nothing(
    place: tuple[Path, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All mistakes on stderr, the same as JSON, exit code 2, and the run is as it was."""
    folder, _ = place
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    sheet = written(tmp_path / "s.xlsx", changed("specimens", preparation="", biosamples="nothing"))
    assert cli.main(["annotate", "-d", str(folder.parents[2]), str(sheet), "--json"]) == 2
    out, err = capsys.readouterr()
    assert "error: Specimen!C3: Sample preparation is missing" in err
    assert "error: Specimen!B3: the sheet Biosample has no 'nothing'" in err
    assert {p["where"] for p in json.loads(out)["problems"]} == {"Specimen!C3", "Specimen!B3"}
    assert before == {p.name: p.read_bytes() for p in folder.iterdir()}


def test_collecting_again_keeps_the_study(place: tuple[Path, Run], tmp_path: Path) -> None:
    """The study is kept beside the records: it is not lost when run.json is made anew, and what was damaged is a gap."""
    folder, run = place
    study = rembi.read(written(tmp_path / "s.csv", changed("image_data", files="absent/*.tif")), NOW).study
    assert study is not None
    new = rembi.put(folder, run, study, b"")
    assert [gap.message for gap in new.gaps if gap.slug == "no-such-image"] == [
        "image data raw: absent/*.tif is no file of this run"
    ]
    assert annotated.kept(folder, []) == study
    (folder / annotated.NAME).write_text('{"format":"provcap.study/2"}')
    gaps: list[Any] = []
    assert annotated.kept(folder, gaps) is None
    assert gaps[0].slug == "damaged-record"


SIZES = {
    "0.65 µm": True, "0.227 µm": False, "227 nm": False, "0,227um": False, "0.65": False, "not known": False,
    "1 x 0.227 x 0.227 μm": False, "0.65 × 0.65 × 1 µm": True, "0.2281 µm": False, "0.24 µm": True, "20x, 0.65 µm": True,
    "1,000 nm": False, "0.65 mm": False, "0.65 µmol": False, "6.5e-1 µm": True, "2.27E-1 µm": False,
    "6.5*10^-1 µm": False, "6.5·10⁻¹ µm": False, "6.5 x 10-1 µm": False,
}  # fmt: skip


@pytest.mark.parametrize("said", SIZES)
def test_a_pixel_size_that_the_files_do_not_have_is_a_gap(said: str) -> None:
    """Only when all that the sheet says is a length, and none of its lengths is that of the file."""
    run = read_run("succeeded")
    (image,) = files_of(run, ["inputs/nuclei.ome.tif"])
    found = Acquisition(image.digest or "", "OME-TIFF", "a reader", pixel_size_x_um=0.227, pixel_size_y_um=0.227)
    data = dataclasses.replace(STUDY.image_data[0], files=("inputs/*.tif",), pixel_size=said)
    run = dataclasses.replace(run, acquisitions=(found,), study=dataclasses.replace(STUDY, image_data=(data,)))
    told = [gap.message for gap in contradicted(run).gaps if gap.slug == "sheet-contradicts-image"]
    wanted = f"image data raw: Pixel size is {said}, and 0.227 µm in inputs/nuclei.ome.tif"
    assert told == ([wanted] if SIZES[said] else [])
    assert contradicted(contradicted(run)).gaps == contradicted(run).gaps


@pytest.mark.parametrize(
    ("said", "sizes"),
    [("6.5e-2 µm", {0.065}), ("1E3 nm", {1.0}), ("6.5*10^-2 µm", set()), ("6.5 × 10⁻² µm", set()), ("65 e nm", set())],
)
def test_powers_of_ten_are_read_where_they_are_clear(said: str, sizes: set[float]) -> None:
    """As programs write them, 6.5e-2; as people do it is not clear, and no part of it is taken for a size."""
    assert sizes_um(said) == sizes


def test_a_sheet_that_contradicts_an_image_is_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`annotate` looks into the files: a warning when the sheet is put in, and a gap in what `show --study` says."""
    run = read_run("succeeded")
    materialise(run, tmp_path)
    (image,) = files_of(run, ["inputs/nuclei.ome.tif"])
    (tmp_path / image.path).unlink()
    tifffile.imwrite(
        tmp_path / image.path,
        np.zeros((8, 8), "u1"),
        metadata={"axes": "YX", "PhysicalSizeX": 0.227, "PhysicalSizeY": 0.227},
    )
    size, content = (tmp_path / image.path).stat().st_size, digest.of_file(tmp_path / image.path)
    text = codec.dump_run(run).replace(image.digest or "", content)
    text = text.replace(f'"size_bytes":{image.size_bytes}', f'"size_bytes":{size}')
    store.write_atomic(store.run_folder(tmp_path, run.id) / "run.json", text.encode())
    written(tmp_path / "s.csv", changed("image_data", pixel_size="0.65 µm"))
    where = ["-d", str(tmp_path)]
    assert cli.main(["annotate", *where, str(tmp_path / "s.csv")]) == 0
    wanted = "image data raw: Pixel size is 0.65 µm, and 0.227 µm in inputs/nuclei.ome.tif"
    assert f"warning: {wanted} [sheet-contradicts-image]" in capsys.readouterr().err
    assert cli.main(["show", *where, "--study"]) == 0
    assert f"[sheet-contradicts-image] {wanted}" in capsys.readouterr().out


def test_a_crate_is_not_annotated(tmp_path: Path) -> None:
    """A crate is finished: the run is annotated and packed again."""
    run = read_run("succeeded")
    bundle.write_crate(run, materialise(run, tmp_path / "work"), tmp_path / "c.zip")
    with pytest.raises(ProvcapError, match="is a crate") as raised:
        rembi.place(open_run("c.zip", tmp_path), "c.zip")
    assert raised.value.slug == "already-a-crate"


def test_the_crate_has_sample_preparation_imaging_and_sheet(place: tuple[Path, Run], tmp_path: Path) -> None:
    """The image leads to its specimen, that to its biosample, and both to ontology values and the instrument's PID."""
    folder, run = place
    sheet = written(tmp_path / "study.csv")
    study = rembi.read(sheet, NOW).study
    assert study is not None
    new = rembi.put(folder, run, study, sheet.read_bytes())
    bundle.write_crate(new, folder.parents[2], tmp_path / "crate")
    found = entities(tmp_path / "crate")
    assert refs(found["./"]["about"]) == {"#study"}
    assert (tmp_path / "crate/provenance/study.csv").read_bytes() == sheet.read_bytes()
    assert refs(found["provenance/study.csv"]["about"]) == {"#study"}
    image = found["inputs/nuclei.ome.tif"]
    assert refs(image["about"]) == {"#specimen/fixed"}
    assert refs(image["subjectOf"]) == {"#image-acquisition/wide"}
    assert refs(found["#specimen/fixed"]["isBasedOn"]) == {"#biosample/HeLa"}
    way = found["#image-acquisition/wide"]
    assert refs(way["instrument"]) == {"https://hdl.handle.net/21.T11998/0000-001A-3905-1"}
    assert refs(way["measurementTechnique"]) == {"http://purl.obolibrary.org/obo/FBbi_00000246"}
    values = [found[i] for i in refs(found["#biosample/HeLa"]["additionalProperty"])]
    organism = next(value for value in values if value["name"] == "organism")
    assert refs(organism["valueReference"]) == {"http://purl.obolibrary.org/obo/NCBITaxon_9606"}


def test_people_without_orcid_stay_out_of_public_crates(tmp_path: Path) -> None:
    """Who gave an ORCID is an author in public; others, acknowledgements and the sheet itself are left out, and told."""
    run = read_run("study")
    workdir = materialise(run, tmp_path / "work")
    new = public.public(run, workdir, lambda source: None).run
    assert new.study is not None
    assert [person.name for person in new.study.authors] == ["Josiah Carberry"]
    assert new.study.annotations[0].authors == ()
    assert new.study.acknowledgements is None
    assert any(gap.slug == "withheld" and gap.subject == "study" for gap in new.gaps)
    assert "Sam" not in codec.dump_run(new)


def test_prov_leads_from_the_image_to_the_sample() -> None:
    """The image was derived from the specimen, that from the biosample, and the study from the sheet."""
    text = graph.serialise(graph.document(read_run("study")), "provn").decode()
    assert re.search(r"wasDerivedFrom\(run:file-inputs-nuclei.ome.tif-\w+, run:specimen-fixed-cells-\w+", text)
    assert re.search(r"wasDerivedFrom\(run:specimen-fixed-cells-\w+, run:biosample-HeLa-\w+", text)
    assert re.search(r"wasDerivedFrom\(run:study-[\w.-]+, run:sheet-study.xlsx-\w+", text)
    assert "study" not in graph.serialise(graph.document(read_run("succeeded")), "provn").decode()


def test_page_and_methods_text_speak_of_the_sample() -> None:
    """In English and German, with the sheet that says it; nothing of it acts in the page."""
    run = read_run("study")
    page = report.page(run).decode()
    assert 'id="study"' in page
    assert "Fixed with 4 % paraformaldehyde" in page
    assert "<b>Sample</b>" not in page
    assert "Preparation of fixed cells: Fixed with 4 % paraformaldehyde, stained with DAPI." in methods(run)
    assert "Präparation von fixed cells: Fixed with" in methods(run, "de")
    assert 'id="study"' not in report.page(read_run("succeeded")).decode()


def test_the_verbs_from_template_to_show(
    place: tuple[Path, Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """template writes a file that is not there yet, annotate takes it, show --study tells it."""
    folder, _ = place
    workdir = str(folder.parents[2])
    target = tmp_path / "t.tsv"
    assert cli.main(["template", "rembi", "-d", workdir, "--run", "latest", "-o", str(target)]) == 0
    assert "Nuclei segmentation" in target.read_text()
    assert cli.main(["template", "rembi", "-o", str(target)]) == 2
    assert cli.main(["template", "rembi", "-o", str(tmp_path / "t.ods")]) == 2
    assert cli.main(["annotate", "-d", workdir, str(written(tmp_path / "s.tsv"))]) == 0
    capsys.readouterr()
    assert cli.main(["show", "-d", workdir, "--study"]) == 0
    assert "Homo sapiens (NCBITaxon:9606)" in capsys.readouterr().out


def test_the_sheet_of_an_earlier_run_is_offered(place: tuple[Path, Run], tmp_path: Path) -> None:
    """A new run has no sheet, as nobody said that it holds for it, too; the one before it is named."""
    folder, run = place
    assert cli.main(["annotate", "-d", str(folder.parents[2]), str(written(tmp_path / "s.tsv"))]) == 0
    later = folder.parent / "29990101T000000-000000"
    later.mkdir()
    sheet = annotated.earlier(later)
    assert sheet is not None
    assert sheet.parent == folder
    assert summary.of_study(dataclasses.replace(run, study=None), sheet).endswith(f"provcap annotate {sheet}")
    assert annotated.earlier(folder) is None


@pytest.mark.parametrize(
    "sheet", ["config/study.tsv", "workflows/nuclei/config/study.tsv", "workflows/timelapse/config/study.tsv"]
)
def test_the_sheets_of_the_workflows_are_valid(sheet: str) -> None:
    """They pass every check, and say of the micrographs no more than is known."""
    filled = rembi.read(Path(__file__).parent.parent / sheet, NOW)
    assert told(filled) == []
    assert filled.study is not None
    assert filled.study.biosamples[0].organism.name == "unidentified"


def test_a_deposit_takes_from_the_sheet_what_nobody_said_elsewhere(tmp_path: Path) -> None:
    """Title, authors, licence and keywords of the sheet count where provcap.yaml gives none, and only there."""
    run = read_run("study")
    for about, wanted in ((run.about, "Nuclei segmentation"), (About(), "Nuclei of HeLa cells after a treatment")):
        target = tmp_path / wanted[:20]
        bundle.write_crate(dataclasses.replace(run, about=about), materialise(run, tmp_path / "work"), target)
        description, _ = describe(target, Settings())
        assert description.title == wanted
        assert description.creators[0].name == "Josiah Carberry"
        assert ("HeLa" in description.keywords) == (about == About())
