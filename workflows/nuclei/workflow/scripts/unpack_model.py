"""Take the network and what it asks of its input out of a segmentation model of ZEN (czseg)."""

import json
import sys
import zipfile
from typing import Any
from xml.etree import ElementTree

LARGEST_MANIFEST = 1 << 20  # bytes


def required(model: ElementTree.Element, name: str) -> str:
    """Text of the manifest's element; raises ValueError if there is none."""
    text = model.findtext(name)
    if not text:
        raise ValueError(f"the model's manifest has no {name}")
    return text


def read_manifest(xml: bytes) -> dict[str, Any]:
    """What the manifest says: names, classes in the order of the output's channels, tile and border in pixels.

    Raises ValueError for a model that does not take one grey channel.
    """
    model = ElementTree.fromstring(xml)  # expat refuses entities that grow
    types = [item.get("PixelType", "") for item in model.iterfind("Channels/Item")]
    if len(types) != 1 or not types[0].startswith("Gray"):
        raise ValueError(f"this workflow knows models of one grey channel, and this one has {types}")
    classes = sorted(model.iterfind("TrainingClasses/Item"), key=lambda item: int(item.get("LabelValue", "0")))
    return {
        "id": required(model, "Id"),
        "name": required(model, "ModelName"),
        "classes": [item.get("Name") for item in classes],
        "tile_height": int(required(model, "TotalTileHeight")),
        "tile_width": int(required(model, "TotalTileWidth")),
        "border": int(required(model, "BorderSize")),
        "scale_by_bit_depth": required(model, "ScaleInputsByBitdepth") == "true",
    }


def only(names: list[str], suffix: str) -> str:
    """The one name that ends so; raises ValueError unless there is one."""
    found = [name for name in names if name.endswith(suffix)]
    if len(found) != 1:
        raise ValueError(f"the model has {len(found)} files *{suffix}, not one")
    return found[0]


def main(job: Any) -> None:
    """Write the network (ONNX) as it is, and its manifest as JSON."""
    with zipfile.ZipFile(job.input[0]) as packed:
        names = packed.namelist()
        member = packed.getinfo(only(names, ".xml"))
        if member.file_size > LARGEST_MANIFEST:
            raise ValueError(f"the model's manifest has {member.file_size} bytes")
        manifest = read_manifest(packed.read(member))
        weights = packed.read(only(names, ".model"))
    with open(job.output.weights, "wb") as network:
        network.write(weights)
    with open(job.output.manifest, "w", encoding="utf-8") as report:
        report.write(json.dumps(manifest, indent=2) + "\n")
    print(f"{manifest['name']}: {len(weights)} bytes, classes {', '.join(manifest['classes'])}")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
