"""Secrets and names of people, planted into a crate: one of each kind, each in a place of its own."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GITHUB = "ghp_" + "a1B2" * 9
AWS = "AKIA" + "QWER7890" * 2
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"
KEY = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU"
SLACK = "xoxb-123456789012-abcdefghijkl"
STRIPE = "sk_live_" + "a1b2c3d4" * 3
RANDOM = "qT7xW2mLk9Zr4Vb1Nc8Yp3Hs6Gd5Jf0Au"


@dataclass(frozen=True)
class Plant:
    """What is planted: the rule that must find it, the value that must not be told, and how it comes into a crate."""

    rule: str
    value: str
    put: Callable[[Path], object]


def _write(place: str, data: str | bytes) -> Callable[[Path], object]:
    def put(root: Path) -> None:
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)

    return put


def _record(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    def put(root: Path) -> None:
        path = root / "provenance/run.json"
        plain = json.loads(path.read_bytes())
        change(plain)
        path.write_text(json.dumps({"format": plain.pop("format"), **plain}))

    return put


def _zip(**members: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), text)
    return data.getvalue()


def _tiff(place: str, **words: Any) -> Callable[[Path], object]:
    def put(root: Path) -> None:
        import numpy as np
        import tifffile

        tifffile.imwrite(root / place, np.zeros((4, 4), np.uint8), **words)

    return put


def _dicom(place: str, **elements: str) -> Callable[[Path], object]:
    def put(root: Path) -> None:
        from pydicom.dataset import Dataset, FileMetaDataset
        from pydicom.uid import ExplicitVRLittleEndian, generate_uid

        data = Dataset()
        data.file_meta = FileMetaDataset()
        data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", generate_uid()
        data.Modality = "CT"
        for name, value in elements.items():
            setattr(data, name, value)
        data.save_as(root / place, enforce_file_format=True)

    return put


def _png(root: Path) -> None:
    from PIL import Image, PngImagePlugin

    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "Erika Mustermann")
    Image.new("L", (4, 4)).save(root / "figure-text.png", pnginfo=info)


def _jpeg(tag: int, value: Any, part: int | None = None) -> Callable[[Path], object]:
    def put(root: Path) -> None:
        from PIL import Image

        image = Image.new("L", (4, 4))
        exif = image.getexif()
        (exif.get_ifd(part) if part else exif)[tag] = value
        image.save(root / f"photo-{tag}.jpg", exif=exif)

    return put


def _hdf5(root: Path) -> None:
    import h5py

    with h5py.File(root / "stack.h5", "w") as data:
        data.create_dataset("x", data=[1, 2]).attrs["source"] = "/home/carla/raw/stack.lif"


def _notebook(output: str) -> str:
    cell = {
        "cell_type": "code",
        "metadata": {},
        "source": ["x"],
        "outputs": [{"output_type": "stream", "text": [output]}],
    }
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]})


OME = '<?xml version="1.0"?><OME><Experimenter ID="Experimenter:0" FirstName="Erika" LastName="Musterfrau"/></OME>'

PLANTS: dict[str, Plant] = {
    "password in params": Plant("named-value", "hunter2hunter2", _record(lambda r: r["jobs"][0].update(params={"db": {"password": "hunter2hunter2"}}))),
    "key in command": Plant("aws-key", AWS, _record(lambda r: r["jobs"][0].update(command=f"aws s3 --key-id {AWS} ls"))),
    "option in the run's command": Plant("named-value", "geheim99wort", _record(lambda r: r.update(command=["snakemake", "--storage-s3-secret-key", "geheim99wort"]))),
    "variable in the record": Plant("named-value", "hf-tt-889900", _record(lambda r: r["jobs"][0].update(variables={"HF_TOKEN": "hf-tt-889900"}))),
    "bearer token in log": Plant("authorization", "abcdef0123456", _write("logs/fetch.log", "GET /x\nAuthorization: Bearer abcdef0123456\n")),
    "password in YAML": Plant("named-value", "Sommer-2019", _write("config/db.yaml", "db:\n  password: Sommer-2019\n")),
    "token in script": Plant("github-token", GITHUB, _write("scripts/pull.py", f"x = '{GITHUB}'\n")),
    "token in notebook output": Plant("jwt", JWT, _write("notebooks/look.ipynb", _notebook(f"logged in: {JWT}\n"))),
    "token in a zip": Plant("slack-token", SLACK, _write("results/all.zip", _zip(notes_txt=f"hook {SLACK}\n"))),
    "address in gzip": Plant("email", "erika@klinik-nord.de", _write("results/list.txt.gz", gzip.compress(b"sent by erika@klinik-nord.de\n"))),
    "address in xlsx": Plant("email", "max@klinik-nord.de", _write("results/table.xlsx", _zip(xl__sharedStrings_xml="<sst><si><t>max@klinik-nord.de</t></si></sst>"))),
    "author in docx": Plant("document-person", "Max Mustermann", _write("results/text.docx", _zip(docProps__core_xml="<cp:coreProperties><dc:creator>Max Mustermann</dc:creator></cp:coreProperties>"))),
    "OME experimenter": Plant("image-person", "Musterfrau", _tiff("cells.ome.tif", description=OME, metadata=None)),
    "TIFF artist": Plant("image-person", "Egon Muster", _tiff("tile.tif", extratags=[(315, 2, 0, "Egon Muster", True)])),
    "TIFF host computer": Plant("host-name", "SCOPE-PC-7", _tiff("scope.tif", extratags=[(316, 2, 0, "SCOPE-PC-7", True)])),
    "DICOM patient": Plant("patient-data", "Muster^Petra", _dicom("slice-0001", PatientName="Muster^Petra")),
    "DICOM birth date": Plant("birth-date", "19610327", _dicom("slice.dcm", PatientBirthDate="19610327")),
    "PNG author": Plant("image-person", "Erika Mustermann", _png),
    "EXIF artist": Plant("image-person", "Ewald Muster", _jpeg(315, "Ewald Muster")),
    "EXIF place": Plant("image-place", "48.1", _jpeg(2, (48.1, 8.0, 1.5), 0x8825)),
    "EXIF serial number": Plant("device-serial", "SN-0042-7781", _jpeg(0xA431, "SN-0042-7781", 0x8769)),
    "file name": Plant("user-name", "mmusterm", _write("results/mmusterm_final.tsv", "a\n1\n")),
    "private key": Plant("private-key", KEY, _write("keys.txt", f"-----BEGIN OPENSSH PRIVATE KEY-----\n{KEY}\n-----END OPENSSH PRIVATE KEY-----\n")),
    "password in URL": Plant("url-userinfo", "mm:passwort1", _write("scripts/get.sh", "curl https://mm:passwort1@data.uni-x.de/x\n")),
    "home path in table": Plant("home-path", "carlotta", _write("results/files.csv", "n,file\n1,/home/carlotta/x.tif\n")),
    "home path of Windows": Plant("home-path", "Carlotta", _write("results/info.txt", "opened C:\\Users\\Carlotta\\Desktop\\x.czi\n")),
    "internal host": Plant("internal-name", "omero.klinik.lan", _write("config/omero.yaml", "server: omero.klinik.lan\n")),
    "private address": Plant("private-address", "10.17.3.4", _write("logs/net.log", "connected to 10.17.3.4:4064\n")),
    "host of the run": Plant("host-name", "knoten17", _write("provenance/more.provn", 'entity(x, [a="knoten17"])\n')),
    "address in README": Plant("email", "petra.muster@uni-x.de", _write("NOTES.md", "Ask petra.muster@uni-x.de for more.\n")),
    "OME-Zarr attribute": Plant("patient-data", "Muster Gustav", _write("cells.zarr/.zattrs", json.dumps({"scan": "PatientName: Muster Gustav"}))),
    "HDF5 attribute": Plant("home-path", "carla", _hdf5),
    "column of birth dates": Plant("birth-date", "03.04.1971", _write("results/cohort.csv", "id,date_of_birth\n1,03.04.1971\n")),
    "random text in code": Plant("random-text", RANDOM, _write("scripts/key.R", f'k <- "{RANDOM}"\n')),
    "key in SVG": Plant("stripe-access-key", STRIPE, _write("plot.svg", f"<svg><!-- {STRIPE} --></svg>")),
}  # fmt: skip
