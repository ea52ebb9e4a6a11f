"""Pairs of files with the verdict that is right for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.comparison.files import (
    TABLE,
    Writer,
    bam,
    broken_zarr,
    bzipped,
    content,
    cut,
    document,
    gzipped,
    hdf5,
    micrograph,
    notebook,
    npy,
    npz,
    nuclei,
    nudged,
    ome_tiff,
    ome_zarr,
    parquet_table,
    pdf,
    raster,
    svg,
    table,
    tarred,
    tiff,
    zipped,
)  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """Two files, what the limits say about them (None: nothing), and what has to come out."""

    what: str
    name: str
    first: Writer
    second: Writer
    verdict: str
    entry: dict[str, Any] | None = field(default_factory=dict)
    reason: str = ""  #: has to stand in the verdict's reason
    comparator: str | None = None


PICTURE = micrograph()
RGB = np.stack([PICTURE, PICTURE // 2, 255 - PICTURE], -1)
FLOAT = micrograph(dtype="float32")
SWAP = {i: i % 12 + 1 for i in range(1, 13)}
SIGNAL = np.linspace(0.0, 1.0, 500)
FASTA = ">one\nACGTACGT\n>two\nTTTT\n"
VCF = "##fileformat=VCFv4.3\n##fileDate=20260101\n#CHROM\tPOS\nchr1\t5\nchr2\t9\n"
RESULT = {"fraction": 0.25, "interval": [0.2, 0.3], "made": "today", "ok": True}


def _image(comparator: str, name: str, write: Any, other_encoding: Writer) -> list[Pair]:
    first = write(PICTURE)
    return [
        Pair(f"{comparator}: same", name, first, first, "identical") if name != "a.ome.tif" else
        Pair("ome-tiff: other UUID", name, first, write(PICTURE), "equivalent"),
        Pair(f"{comparator}: other encoding", name, first, other_encoding, "equivalent", comparator=comparator),
        Pair(f"{comparator}: other encoding, no limits", name, first, other_encoding, "different", None, "no limit"),
        Pair(f"{comparator}: within", name, first, write(micrograph(2)), "equivalent", {"limits": {"max_abs": 2}}),
        Pair(f"{comparator}: beyond", name, first, write(micrograph(3)), "different", {"limits": {"max_abs": 2}}, "above"),
        Pair(f"{comparator}: other shape", name, first, write(PICTURE[:40]), "different", {"limits": {"max_abs": 255}}, "shape"),
        Pair(f"{comparator}: other type", name, first, write(PICTURE[:].astype("uint16")), "different", {}, "dtype"),
    ]  # fmt: skip


IMAGES = [
    *_image("tiff", "a.tif", tiff, tiff(PICTURE, compression="zlib")),
    Pair("tiff: damaged", "a.tif", tiff(PICTURE), cut(tiff(PICTURE), 0.3), "different", {}, "cannot be read as TIFF"),
    Pair("tiff: wrong type", "a.tif", tiff(PICTURE), content("text"), "different", {}, "cannot be read as TIFF"),
    Pair("tiff: resolution", "a.tif", tiff(PICTURE), tiff(PICTURE, resolution=(9, 9)), "different", {}, "Resolution"),
    Pair("tiff: psnr within", "a.tif", tiff(PICTURE), tiff(micrograph(2)), "equivalent", {"limits": {"psnr": 40}}),
    Pair("tiff: ssim beyond", "a.tif", tiff(PICTURE), tiff(255 - PICTURE), "different", {"limits": {"ssim": 0.9}}, "below"),
    Pair("tiff: float within", "a.tif", tiff(FLOAT), tiff(FLOAT + np.float32(1e-4)), "equivalent", {"limits": {"rmse": 1e-3}}),
    Pair("tiff: nan", "a.tif", tiff(FLOAT), tiff(np.where(FLOAT > 170, np.nan, FLOAT).astype("f4")), "different", {"limits": {"rmse": 999}}),
    *_image("ome-tiff", "a.ome.tif", ome_tiff, ome_tiff(PICTURE, compression="zlib")),
    Pair("ome-tiff: pixel size", "a.ome.tif", ome_tiff(PICTURE), ome_tiff(PICTURE, 0.6), "different", {}, "PhysicalSizeX"),
    Pair("ome-tiff: pixel size ignored", "a.ome.tif", ome_tiff(PICTURE), ome_tiff(PICTURE, 0.6), "equivalent", {"ignore": "physical metadata"}),
    Pair("ome-tiff: damaged", "a.ome.tif", ome_tiff(PICTURE), cut(ome_tiff(PICTURE)), "different", {}, "cannot be read"),
    Pair("ome-tiff: wrong type", "a.ome.tif", ome_tiff(PICTURE), tiff(PICTURE), "different", {}, "no OME-XML"),
    *_image("raster", "a.png", raster, raster(PICTURE, compress_level=0)),
    Pair("png: damaged", "a.png", raster(RGB), cut(raster(RGB)), "different", {}, "cannot be read"),
    Pair("png: wrong type", "a.png", raster(RGB), tiff(RGB), "different", {}, "cannot be read as PNG or JPEG"),
    Pair("jpeg: within", "a.jpg", raster(RGB, quality=95), raster(RGB, quality=90), "equivalent", {"limits": {"ssim": 0.9}}),
    Pair("jpeg: beyond", "a.jpg", raster(RGB, quality=95), raster(RGB, quality=5), "different", {"limits": {"ssim": 0.99}}),
    *_image("ome-zarr", "a.zarr", ome_zarr, ome_zarr(PICTURE, chunks=(20, 30))),
    Pair("ome-zarr: other version", "a.zarr", ome_zarr(PICTURE), ome_zarr(PICTURE, version=2), "equivalent"),
    Pair("ome-zarr: scale", "a.zarr", ome_zarr(PICTURE), ome_zarr(PICTURE, 0.7), "different", {}, "scale"),
    Pair("ome-zarr: damaged", "a.zarr", ome_zarr(PICTURE), broken_zarr, "different", {}, "cannot be read as Zarr"),
]  # fmt: skip

LABELS = [
    Pair("labels: renamed", "l.tif", tiff(nuclei()), tiff(nuclei(SWAP)), "equivalent", {"as": "labels"}),
    Pair("labels: renamed, no label limit", "l.tif", tiff(nuclei()), tiff(nuclei(SWAP)), "different"),
    Pair("labels: two merged", "l.tif", tiff(nuclei()), tiff(nuclei({1: 2})), "different", {"as": "labels"}, "pixels_differ"),
    Pair("labels: background", "l.tif", tiff(nuclei()), tiff(nuclei({0: 1, 1: 0})), "different", {"as": "labels"}),
    Pair("labels: moved, within", "l.tif", tiff(nuclei()), tiff(nuclei(SWAP, 1)), "equivalent", {"as": "labels", "limits": {"matched_iou": 0.8, "unmatched": 0}}),
    Pair("labels: moved, beyond", "l.tif", tiff(nuclei()), tiff(nuclei(SWAP, 2)), "different", {"as": "labels", "limits": {"matched_iou": 0.8}}, "matched_iou"),
    Pair("labels: one lost", "l.tif", tiff(nuclei()), tiff(nuclei({3: 0})), "different", {"as": "labels", "limits": {"unmatched": 0}}),
    Pair("labels: one lost, allowed", "l.tif", tiff(nuclei()), tiff(nuclei({3: 0})), "equivalent", {"as": "labels", "limits": {"unmatched": 1}}),
    Pair("labels: damaged", "l.tif", tiff(nuclei()), cut(tiff(nuclei())), "different", {"as": "labels"}, "cannot be read"),
    Pair("labels: wrong type", "l.tif", tiff(nuclei()), tiff(nuclei().astype("f4")), "different", {"as": "labels"}, "float32"),
]  # fmt: skip

TABLES = [
    Pair("table: same", "t.tsv", table(), table(list(TABLE)), "identical"),
    Pair("table: line ends, number format", "t.csv", table(delimiter=","), table([TABLE[0], *((*r[:2], r[2] + ".0", r[3]) for r in TABLE[1:])], ",", "\r\n"), "equivalent"),
    Pair("table: within", "t.tsv", table(), table(nudged(TABLE, 1e-9)), "equivalent", {"rtol": "1e-6"}),
    Pair("table: beyond", "t.tsv", table(), table(nudged(TABLE, 1e-5)), "different", {"rtol": 1e-6}, "beyond of column mean"),
    Pair("table: within for its column", "t.tsv", table(), table(nudged(TABLE, 1e-5)), "equivalent", {"columns": {"mean": {"rtol": 1e-4}}}),
    Pair("table: some cells beyond, allowed", "t.tsv", table(), table(nudged(TABLE, 0.1)), "equivalent", {"limits": {"max_rel": 0.2}}),
    Pair("table: other order", "t.tsv", table(), table([TABLE[0], *TABLE[:0:-1]]), "different"),
    Pair("table: other order, key", "t.tsv", table(), table([TABLE[0], *TABLE[:0:-1]]), "equivalent", {"key": ["tile", "label"]}),
    Pair("table: row gone", "t.tsv", table(), table(TABLE[:-1]), "different", {"key": "label"}, "rows_unmatched"),
    Pair("table: column gone", "t.tsv", table(), table([r[:3] for r in TABLE]), "different", {}, "mean"),
    Pair("table: text", "t.tsv", table(), table([TABLE[0], ("A2", *TABLE[1][1:]), *TABLE[2:]]), "different", {"rtol": 1}),
    Pair("table: damaged", "t.csv", content("a,b\n1,2\n3,4\n"), content("a,b\n1,2\n3\n"), "different", {}, "cannot be read as table"),
    Pair("table: wrong type", "t.csv", content("a,b\n1,2\n"), tiff(PICTURE), "different", {}, "cannot be read as table"),
    Pair("parquet: same", "t.parquet", parquet_table([1.0, 2.0]), parquet_table([1.0, 2.0]), "identical"),
    Pair("parquet: other encoding", "t.parquet", parquet_table([1.0, 2.0]), parquet_table([1.0, 2.0], compression="gzip"), "equivalent"),
    Pair("parquet: within", "t.parquet", parquet_table([1.0, 2.0]), parquet_table([1.0, 2.001]), "equivalent", {"atol": 0.01}),
    Pair("parquet: beyond", "t.parquet", parquet_table([1.0, 2.0]), parquet_table([1.0, 2.1]), "different", {"atol": 0.01}),
    Pair("parquet: type", "t.parquet", parquet_table([1.0, 2.0]), parquet_table([1.0, 2.0], "float32"), "different", {}, "float"),
    Pair("parquet: damaged", "t.parquet", parquet_table([1.0]), cut(parquet_table([1.0])), "different", {}, "cannot be read as Parquet"),
    Pair("parquet: wrong type", "t.parquet", parquet_table([1.0]), table(), "different", {}, "cannot be read as Parquet"),
]  # fmt: skip

DOCUMENTS = [
    Pair("json: same", "d.json", document(RESULT), document(RESULT), "identical"),
    Pair("json: order, spaces", "d.json", document(RESULT), document(dict(reversed(RESULT.items())), 2), "equivalent"),
    Pair("json: within", "d.json", document(RESULT), document({**RESULT, "fraction": 0.2501}), "equivalent", {"columns": {"/fraction": {"atol": 1e-3}}}),
    Pair("json: beyond", "d.json", document(RESULT), document({**RESULT, "fraction": 0.26}), "different", {"atol": 1e-3}, "/fraction"),
    Pair("json: ignored key", "d.json", document(RESULT), document({**RESULT, "made": "now"}), "equivalent", {"ignore": "/made"}),
    Pair("json: key gone", "d.json", document(RESULT), document({"fraction": 0.25}), "different", {"atol": 1}, "keys_apart"),
    Pair("json: true is not 1", "d.json", document(RESULT), document({**RESULT, "ok": 1}), "different", {"atol": 1}),
    Pair("json: text is no number", "d.json", document([1]), document(["1"]), "different", {"atol": 1}),
    Pair("json: damaged", "d.json", document(RESULT), cut(document(RESULT)), "different", {}, "cannot be read as JSON"),
    Pair("json: wrong type", "d.json", document(RESULT), tiff(PICTURE), "different", {}, "cannot be read as JSON"),
    Pair("json: too deep", "d.json", document([]), content("[" * 100_000), "different", {}, "cannot be read as JSON"),
    Pair("yaml: style", "d.yaml", content("a: 1\nb: [1, 2]\n"), content("{b: [1, 2], a: 1}\n"), "equivalent"),
    Pair("yaml: beyond", "d.yaml", content("a: 1.0\n"), content("a: 1.2\n"), "different", {"rtol": 0.1}),
    Pair("yaml: damaged", "d.yaml", content("a: 1\n"), content("a: [1\n"), "different", {}, "cannot be read as YAML"),
    Pair("yaml: program", "d.yaml", content("a: 1\n"), content("a: !!python/object/apply:os.system [true]\n"), "different", {}, "cannot be read"),
    Pair("notebook: counts, ids", "n.ipynb", notebook(), notebook(count=7), "equivalent"),
    Pair("notebook: scrubbed output", "n.ipynb", notebook("t=1 s"), notebook("t=2 s"), "equivalent", {"scrub": [{"pattern": r"t=\d"}]}),
    Pair("notebook: output", "n.ipynb", notebook(), notebook("area 4"), "different", {}, "outputs_differ"),
    Pair("notebook: source", "n.ipynb", notebook(), notebook(source="print(1)"), "different", {}, "cells_differ"),
    Pair("notebook: damaged", "n.ipynb", notebook(), cut(notebook()), "different", {}, "cannot be read as notebook"),
    Pair("notebook: wrong type", "n.ipynb", notebook(), document(RESULT), "different", {}, "cannot be read as notebook"),
    Pair("text: line ends", "t.txt", content("a\nb\n"), content("a\r\nb"), "equivalent"),
    Pair("text: scrubbed", "t.log", content("at 10:01 done\n"), content("at 11:32 done\n"), "equivalent", {"scrub": [{"pattern": r"\d\d:\d\d", "with": "T"}]}),
    Pair("text: within", "t.log", content("a\nb\n"), content("a\nc\n"), "equivalent", {"limits": {"lines_differ": 2}}),
    Pair("text: beyond", "t.log", content("a\nb\n"), content("a\nc\n"), "different", {"limits": {"lines_differ": 1}}, "first in line 2"),
    Pair("text: order", "t.log", content("a\nb\n"), content("b\na\n"), "different", {}, "lines_differ"),
    Pair("text: wrong type", "t.txt", content("a\n"), content(b"\0\1"), "different", {}, "cannot be read as text"),
    Pair("bytes: within", "x.bin", content(b"\0abc"), content(b"\0abd"), "equivalent", {"limits": {"bytes_differ": 1}}),
    Pair("bytes: beyond", "x.bin", content(b"\0abc"), content(b"\0xyz9"), "different", {"limits": {"bytes_differ": 1}}, "byte 1"),
    Pair("bytes: no zero tolerance", "x.bin", content(b"\0abc"), content(b"\0abd"), "different"),
]  # fmt: skip

ARRAYS = [
    Pair("hdf5: same values, compressed", "a.h5", hdf5(SIGNAL), hdf5(SIGNAL, compression="gzip"), "equivalent"),
    Pair("hdf5: attribute", "a.h5", hdf5(SIGNAL), hdf5(SIGNAL, "2027"), "different", {}, "@created"),
    Pair("hdf5: attribute ignored", "a.h5", hdf5(SIGNAL), hdf5(SIGNAL, "2027"), "equivalent", {"ignore": "@created"}),
    Pair("hdf5: within", "a.h5", hdf5(SIGNAL), hdf5(SIGNAL + 1e-9), "equivalent", {"limits": {"max_abs": 1e-8}}),
    Pair("hdf5: beyond", "a.h5", hdf5(SIGNAL), hdf5(SIGNAL + 1e-7), "different", {"limits": {"max_abs": 1e-8}}),
    Pair("hdf5: damaged", "a.h5", hdf5(SIGNAL), cut(hdf5(SIGNAL)), "different", {}, "cannot be read as HDF5"),
    Pair("hdf5: wrong type", "a.h5", hdf5(SIGNAL), npy(SIGNAL), "different", {}, "cannot be read as HDF5"),
    Pair("npy: within", "a.npy", npy(SIGNAL), npy(SIGNAL + 1e-9), "equivalent", {"limits": {"max_abs": 1e-8}}),
    Pair("npy: beyond", "a.npy", npy(SIGNAL), npy(SIGNAL + 1e-7), "different", {"limits": {"max_abs": 1e-8}}),
    Pair("npy: 64 bits", "a.npy", npy(np.array([2**60])), npy(np.array([2**60 + 1])), "different", {}, "values_differ"),
    Pair("npy: other order in memory", "a.npy", npy(SIGNAL.reshape(20, 25)), npy(np.asfortranarray(SIGNAL.reshape(20, 25))), "equivalent"),
    Pair("npy: damaged", "a.npy", npy(SIGNAL), cut(npy(SIGNAL)), "different", {}, "cannot be read as npy"),
    Pair("npy: pickle", "a.npy", npy(SIGNAL), npy(np.array([{}]), True), "different", {}, "cannot be read as npy"),
    Pair("npz: compressed", "a.npz", npz(a=SIGNAL), npz(True, a=SIGNAL), "equivalent"),
    Pair("npz: beyond", "a.npz", npz(a=SIGNAL), npz(a=SIGNAL + 1), "different", {"limits": {"max_abs": 0.5}}),
    Pair("npz: array gone", "a.npz", npz(a=SIGNAL, b=SIGNAL), npz(a=SIGNAL), "different", {}, "names"),
    Pair("npz: damaged", "a.npz", npz(a=SIGNAL), cut(npz(a=SIGNAL)), "different", {}, "cannot be read as npz"),
]  # fmt: skip

FIGURES = [
    Pair("svg: date, ids", "f.svg", svg(), svg(date="2027", identifier="b"), "equivalent"),
    Pair("svg: within", "f.svg", svg(), svg(10.001), "equivalent", {"atol": 0.01}),
    Pair("svg: beyond", "f.svg", svg(), svg(11), "different", {"atol": 0.01}, "coordinates"),
    Pair("svg: text", "f.svg", svg(), svg(label="cells"), "different", {}, "texts_differ"),
    Pair("svg: damaged", "f.svg", svg(), cut(svg()), "different", {}, "cannot be read as SVG"),
    Pair("svg: bomb", "f.svg", svg(), content('<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>'), "different", {}, "entities"),
    Pair("pdf: date", "f.pdf", pdf(), pdf(date="D:2027"), "equivalent"),
    Pair("pdf: text", "f.pdf", pdf(), pdf("cells"), "different", {}, "texts_differ"),
    Pair("pdf: drawing", "f.pdf", pdf(), pdf(end=60), "different", {}, "drawings_differ"),
    Pair("pdf: drawing, ignored", "f.pdf", pdf(), pdf(end=60), "equivalent", {"ignore": "drawing"}),
    Pair("pdf: damaged", "f.pdf", pdf(), content("%PDF-1.4\n"), "different", {}, "cannot be read as PDF"),
    Pair("pdf: wrong type", "f.pdf", pdf(), svg(), "different", {}, "cannot be read as PDF"),
]  # fmt: skip

CONTAINERS = [
    Pair("gzip: time", "t.tsv.gz", gzipped("a\tb\n1\t2\n"), gzipped("a\tb\n1\t2\n", 9), "equivalent"),
    Pair("gzip: within", "t.tsv.gz", gzipped("a\tb\n1\t2\n"), gzipped("a\tb\n1\t2.001\n"), "equivalent", {"rtol": 0.01}),
    Pair("gzip: beyond", "t.tsv.gz", gzipped("a\tb\n1\t2\n"), gzipped("a\tb\n1\t3\n"), "different", {"rtol": 0.01}),
    Pair("gzip: damaged", "t.gz", gzipped("a\n" * 99), cut(gzipped("a\n" * 99)), "different", {}, "cannot be read as a compressed"),
    Pair("gzip: wrong type", "t.gz", gzipped("a\n"), content("a\n"), "different", {}, "not compressed"),
    Pair("bzip2: level", "t.bz2", bzipped("a\n" * 9), bzipped("a\n" * 9, 1), "equivalent"),
    Pair("zip: dates, order", "a.zip", zipped({"x.txt": "1", "y.txt": "2"}), zipped({"y.txt": "2", "x.txt": "1"}, 2025), "equivalent"),
    Pair("zip: within", "a.zip", zipped({"x.json": "[1.0]"}), zipped({"x.json": "[1.01]"}), "equivalent", {"rtol": 0.1}),
    Pair("zip: beyond", "a.zip", zipped({"x.json": "[1.0]"}), zipped({"x.json": "[1.5]"}), "different", {"rtol": 0.1}, "first in x.json"),
    Pair("zip: member gone", "a.zip", zipped({"x": "1", "y": "2"}), zipped({"x": "1"}), "different", {}, "only_in_one"),
    Pair("zip: damaged", "a.zip", zipped({"x": "1"}), cut(zipped({"x": "1"})), "different", {}, "cannot be read as zip"),
    Pair("tar: dates", "a.tar", tarred({"x": "1"}), tarred({"x": "1"}, 5), "equivalent"),
    Pair("tar: beyond", "a.tar", tarred({"x.txt": "1"}), tarred({"x.txt": "2"}), "different", {}, "x.txt"),
    Pair("tar: damaged", "a.tar", tarred({"x": "1" * 2000}), cut(tarred({"x": "1" * 2000}), 0.1), "different", {}, "cannot be read as tar"),
    Pair("tar: wrong type", "a.tar", tarred({"x": "1"}), content("x"), "different", {}, "cannot be read as tar"),
]  # fmt: skip

SEQUENCES = [
    Pair("fasta: wrapped", "s.fa", content(FASTA), content(FASTA.replace("GTAC", "GT\nAC")), "equivalent"),
    Pair("fasta: sequence", "s.fa", content(FASTA), content(FASTA.replace("TTTT", "TTAT")), "different", {}, "first in two"),
    Pair("fasta: within", "s.fa", content(FASTA), content(FASTA.replace("TTTT", "TTAT")), "equivalent", {"limits": {"sequences_differ": 1}}),
    Pair("fasta: wrong type", "s.fa", content(FASTA), content("nothing"), "different", {}, "cannot be read as FASTA"),
    Pair("vcf: date", "s.vcf", content(VCF), content(VCF.replace("20260101", "20270101")), "equivalent"),
    Pair("vcf: record", "s.vcf", content(VCF), content(VCF.replace("9", "8")), "different", {}, "records_differ"),
    Pair("vcf: compressed", "s.vcf.gz", gzipped(VCF), gzipped(VCF.replace("20260101", "20270101")), "equivalent"),
    Pair("vcf: damaged", "s.vcf", content(VCF), content(VCF[5:]), "different", {}, "cannot be read as VCF"),
    Pair("bam: program", "s.bam", bam(), bam("bowtie"), "equivalent"),
    Pair("bam: alignments", "s.bam", bam(), bam(alignments=b"alignment5"), "different", {}, "blocks_differ"),
    Pair("bam: damaged", "s.bam", bam(), cut(bam()), "different", {}, "cannot be read as BAM"),
    Pair("bam: wrong type", "s.bam", bam(), gzipped("text, and nothing else"), "different", {}, "cannot be read as BAM"),
]  # fmt: skip

PAIRS = [*IMAGES, *LABELS, *TABLES, *DOCUMENTS, *ARRAYS, *FIGURES, *CONTAINERS, *SEQUENCES]
