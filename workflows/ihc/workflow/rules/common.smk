# What the rules share: the checked configuration, the table of tiles and where they lie.

import csv
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import validate


def beside_workflow(path: str) -> str:
    """`path` as it is when absolute, else relative to the folder that holds `config/` and `workflow/`."""
    return str(Path(workflow.basedir).parent.joinpath(path).resolve())


def container_image() -> str | None:
    """The configured image: an address such as docker://name as it is, a file beside the workflow."""
    image = config["container"]
    return image if image is None or "://" in image else beside_workflow(image)


def read_tiles(path: str) -> dict[str, dict[str, int]]:
    """Position and size of every tile of the sample sheet, in pixels, by its name and in the sheet's order."""
    tiles = {}
    with open(path, newline="", encoding="utf-8") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            validate(row, "../schemas/samples.schema.yaml")
            name = row.pop("tile")
            if name in tiles:
                raise WorkflowError(f"{path}: two tiles are called {name}")
            tiles[name] = {column: int(value) for column, value in row.items()}
    if not tiles:
        raise WorkflowError(f"{path}: the table has no tiles")
    return tiles


def core(tile: str) -> list[int]:
    """Top, left, bottom and right (exclusive) of the tile proper, in pixels of the micrograph."""
    place = TILES[tile]
    return [place["top"], place["left"], place["top"] + place["height"], place["left"] + place["width"]]


def window(tile: str) -> list[int]:
    """Top, left, bottom and right of the tile with its halo; bottom and right may exceed the micrograph."""
    halo = config["tiles"]["halo"]
    top, left, bottom, right = core(tile)
    return [max(top - halo, 0), max(left - halo, 0), bottom + halo, right + halo]


validate(config, "../schemas/config.schema.yaml")

TILES = read_tiles(beside_workflow(config["samples"]))
MICROGRAPH = config["micrograph"] or "resources/micrograph.tif"


wildcard_constraints:
    tile="|".join(TILES),
