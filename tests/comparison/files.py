"""Files of every type that can be compared, made when they are asked for."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import nbformat
import numpy as np
import pyarrow
import tifffile
import zarr
from PIL import Image
from pyarrow import parquet

Writer = Callable[[Path], None]


def content(data: bytes | str) -> Writer:
    """Exactly `data`."""
    return lambda path: path.write_bytes(data.encode() if isinstance(data, str) else data) and None


def png16(kind: int, pixels: np.ndarray[Any, Any]) -> bytes:
    """A PNG of (Y, X, S) values of 16 bits, of the colour `kind` that IHDR has: 0 grey, 2 RGB, 4 grey and alpha, 6 RGBA.

    Source: PNG specification, 11.2.2.
    """

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    height, width = pixels.shape[:2]
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in pixels)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def cut(writer: Writer, share: float = 0.5) -> Writer:
    """What `writer` writes, ended too early."""

    def write(path: Path) -> None:
        writer(path)
        whole = path.read_bytes()
        path.write_bytes(whole[: int(len(whole) * share)])

    return write


def micrograph(change: float = 0.0, dtype: str = "uint8", shape: tuple[int, ...] = (48, 64)) -> np.ndarray:
    """A smooth picture; `change` is added to one pixel."""
    y, x = np.indices(shape[-2:])
    picture = np.broadcast_to(100 + 40 * np.sin(x / 5) + 40 * np.cos(y / 7), shape).astype(dtype)
    picture[..., 5, 5] += np.asarray(change, dtype)
    return picture


def nuclei(names: Mapping[int, int] | None = None, shift: int = 0) -> np.ndarray:
    """A label image of twelve squares, renamed by `names`, moved by `shift` pixels."""
    labels = np.zeros((60, 80), np.uint16)
    for i in range(12):
        top, left = 5 + 18 * (i // 4), 5 + 18 * (i % 4) + shift
        labels[top : top + 10, left : left + 10] = i + 1
    return np.vectorize(lambda a: (names or {}).get(a, a), otypes=[np.uint16])(labels)


def tiff(pixels: np.ndarray, **options: Any) -> Writer:
    return lambda path: tifffile.imwrite(path, pixels, ome=False, **options)


def ome_tiff(pixels: np.ndarray, size_um: float = 0.5, **options: Any) -> Writer:
    metadata = {"axes": "YX", "PhysicalSizeX": size_um, "PhysicalSizeXUnit": "µm"}
    return lambda path: tifffile.imwrite(path, pixels, ome=True, metadata=metadata, **options)


def raster(pixels: np.ndarray, **options: Any) -> Writer:
    return lambda path: Image.fromarray(pixels).save(path, **options)


def ome_zarr(pixels: np.ndarray, scale: float = 0.5, chunks: tuple[int, ...] = (16, 16), version: int = 3) -> Writer:
    def write(path: Path) -> None:
        group = zarr.create_group(store=str(path), zarr_format=version)
        array = group.create_array("0", shape=pixels.shape, dtype=pixels.dtype, chunks=chunks)
        array[:] = pixels
        transform = [{"type": "scale", "scale": [scale, scale]}]
        axes = [{"name": n, "type": "space", "unit": "micrometer"} for n in "yx"]
        group.attrs["ome"] = {
            "version": "0.5",
            "multiscales": [{"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": transform}]}],
        }

    return write


def broken_zarr(path: Path) -> None:
    ome_zarr(micrograph())(path)
    (path / "0" / "c" / "0" / "0").write_bytes(b"nothing that can be decompressed")


TABLE = [("tile", "label", "area", "mean")] + [("A1", str(i), str(10 * i), repr(0.1 * i)) for i in range(1, 13)]


def table(rows: list[tuple[str, ...]] = TABLE, delimiter: str = "\t", end: str = "\n") -> Writer:
    return content("".join(delimiter.join(row) + end for row in rows))


def nudged(rows: list[tuple[str, ...]], by: float) -> list[tuple[str, ...]]:
    """`rows` with every mean larger by the share `by`."""
    return [rows[0], *((*row[:3], repr(float(row[3]) * (1 + by))) for row in rows[1:])]


def renamed(rows: list[tuple[str, ...]], names: Mapping[int, int]) -> list[tuple[str, ...]]:
    """`rows` with other labels, in the order of these."""
    changed = [(row[0], str(names[int(row[1])]), *row[2:]) for row in rows[1:]]
    return [rows[0], *sorted(changed, key=lambda row: int(row[1]))]


def parquet_table(means: list[float], kind: str = "float64", **options: Any) -> Writer:
    columns = {"id": pyarrow.array(range(len(means))), "mean": pyarrow.array(means, kind)}
    return lambda path: parquet.write_table(pyarrow.table(columns), path, **options)


def hdf5(values: np.ndarray, made: str = "2026", **options: Any) -> Writer:
    def write(path: Path) -> None:
        with h5py.File(path, "w") as file:
            data = file.create_dataset("group/signal", data=values, **options)
            data.attrs["unit"] = "mV"
            file.attrs["created"] = made

    return write


def npy(values: Any, allow_pickle: bool = False) -> Writer:
    def write(path: Path) -> None:
        with open(path, "wb") as stream:  # given a name, np.save appends .npy to it
            np.save(stream, values, allow_pickle=allow_pickle)

    return write


def npz(compressed: bool = False, **arrays: np.ndarray) -> Writer:
    return lambda path: (np.savez_compressed if compressed else np.savez)(path, **arrays)


def document(value: Any, indent: int | None = None) -> Writer:
    return content(json.dumps(value, indent=indent))


def notebook(output: str = "area 3", source: str = "print(area)", count: int = 1) -> Writer:
    def write(path: Path) -> None:
        cell = nbformat.v4.new_code_cell(source, execution_count=count)
        cell.outputs = [nbformat.v4.new_output("stream", text=output + "\n")]
        book = nbformat.v4.new_notebook(cells=[cell], metadata={"when": str(count)})
        nbformat.write(book, path)

    return write


def svg(x: float = 10, label: str = "nuclei", date: str = "2026", identifier: str = "a") -> Writer:
    return content(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="100" height="80"><metadata><date>{date}</date></metadata>'
        f'<defs><path id="{identifier}" d="M 0 0 L {x} 5"/></defs><use href="#{identifier}" x="3"/>'
        f'<text x="4" y="{x + 2}">{label}</text></svg>'
    )


def pdf(text: str = "nuclei", date: str = "D:2026", end: float = 50) -> Writer:
    """A page with a line and a text, written by hand: ISO 32000-1, 7.5."""
    drawing = f"BT /F1 12 Tf 10 10 Td ({text}) Tj ET 0 0 m {end:g} 50 l S".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing),
        f"<< /CreationDate ({date}) >>".encode(),
    ]
    out, places = io.BytesIO(b"%PDF-1.4\n"), []
    out.seek(0, io.SEEK_END)
    for i, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (i, body))
    start = out.tell()
    out.write(b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % p for p in places))
    out.write(b"trailer\n<< /Size 6 /Root 1 0 R /Info 5 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start)
    return content(out.getvalue())


def gzipped(data: str | bytes, when: int = 0) -> Writer:
    return content(gzip.compress(data.encode() if isinstance(data, str) else data, mtime=when))


def bzipped(data: str, level: int = 9) -> Writer:
    return content(bz2.compress(data.encode(), level))


def zipped(members: Mapping[str, str], year: int = 2026) -> Writer:
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in members.items():
                archive.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), text)

    return write


def tarred(members: Mapping[str, str], when: int = 0) -> Writer:
    def write(path: Path) -> None:
        with tarfile.open(path, "w") as archive:
            for name, text in members.items():
                info = tarfile.TarInfo(name)
                info.size, info.mtime = len(text), when
                archive.addfile(info, io.BytesIO(text.encode()))

    return write


def bam(program: str = "bwa", alignments: bytes = b"alignments") -> Writer:
    header = f"@HD\tVN:1.6\n@SQ\tSN:chr1\tLN:9\n@PG\tID:{program}\n".encode()
    return gzipped(b"BAM\1" + struct.pack("<i", len(header)) + header + alignments)
