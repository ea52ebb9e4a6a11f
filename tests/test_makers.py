"""What the OME-XML of different makers of microscopes says: real files, which Bio-Formats turned into OME-TIFF."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from provcap.bioimage import ome
from provcap.bioimage.found import Found
from provcap.bioimage.reader import Reader
from tests.real_images import real_image

PIXELS = 64 << 20

MAKERS = {
    "mosaic.czi": {  # ZEISS
        "objective": {
            "name": "Plan-Apochromat 10x/0.45 M27",
            "magnification": 10.0,
            "numerical_aperture": 0.45,
            "immersion": "Air",
        },
        "pixel_size_x_um": 1.0833333,
        "acquired": "2019-12-07T00:34:54",
    },
    "cluster.nd2": {  # Nikon
        "objective": {"name": "Plan Apo λ 60x", "numerical_aperture": 0.95},
        "shape": [3, 10, 2, 31, 38],
        "significant_bits": 12,
    },
    "test.oib": {  # Olympus
        "objective": {"name": "UPLFLN   40X  NA:0.75", "magnification": 40.0, "numerical_aperture": 0.75},
        "pixel_size_x_um": 0.177,
        "significant_bits": 12,
        "shape": [3, 256, 256],
    },
    "small.svs": {  # Aperio, now Leica Biosystems
        "objective": {"magnification": 20.0},
        "pixel_size_x_um": 0.499,
        "acquired": "2009-12-29T09:59:15",
    },
    "helios.zip": {  # FEI, now Thermo Fisher
        "microscope": 'Helios NanoLab" 660',
        "pixel_size_x_um": 3.3724,
        "acquired": "2016-06-13T05:06:40",
    },
    "haadf.dm3": {"objective": {"magnification": 1300000.0}, "pixel_size_x_um": 0.005506},  # Gatan
}


def converted(name: str, folder: Path) -> Path:
    """The image as Bio-Formats writes it."""
    source, target = real_image(name), folder / "a.ome.tif"
    if source.suffix == ".zip":
        with zipfile.ZipFile(source) as packed:
            source = Path(packed.extract("FEI-Helios-Ebeam-16bits.tif", folder))
    words = ["-cp", real_image("bioformats.jar"), "loci.formats.tools.ImageConverter", "-no-upgrade", "-series", "0"]
    subprocess.run(["java", *words, source, target], check=True, capture_output=True)
    return target


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("java") is None, reason="there is no java on the PATH")
@pytest.mark.parametrize("name", MAKERS)
def test_what_each_maker_says(tmp_path: Path, name: str) -> None:
    """ZEISS, Nikon, Olympus, Aperio, FEI and Gatan: what stands in their OME-XML is told in one set of units, each value
    with its place in the file; and the OME-XML that is kept says the same."""
    with Reader() as reader:
        answer = reader.read(str(converted(name, tmp_path)), PIXELS)
    values = answer["values"]
    assert values["writer"] == "OME Bio-Formats 7.3.1"
    for field, wanted in MAKERS[name].items():
        found = values[field][:19] if field == "acquired" else values[field]
        assert found == (pytest.approx(wanted, rel=1e-3) if isinstance(wanted, float) else wanted)
    assert set(values) - {"reader"} <= set(answer["origin"]) | {"images"}
    again = Found()
    ome.read(answer["metadata"], again)
    told: dict[str, Any] = {key: value for key, value in again.values.items() if key != "reader"}
    assert told == {key: values[key] for key in told}


def test_what_imagej_wrote() -> None:
    """A stack that ImageJ itself wrote: pixel size and distance of planes with their unit."""
    with Reader() as reader:
        values = reader.read(str(real_image("imagej.tif")), PIXELS)["values"]
    assert (values["writer"], values["axes"], values["pixel_size_z_um"]) == ("ImageJ 1.51d", "ZYX", 2.5)
    assert values["pixel_size_x_um"] == pytest.approx(0.168675, rel=1e-5)
