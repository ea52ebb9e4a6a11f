"""The limits of the reference workflow, config/tolerance.yaml: what they allow, and what they do not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from provcap.compare import compare, load
from tests.comparison.files import Writer, content, micrograph, nuclei, ome_tiff, raster, table, tiff
from tests.comparison.pairs import SWAP
from tests.engines import ROOT

COLUMNS = ("tile", "nucleus", "centroid_row_px", "centroid_column_px", "area_px", "eccentricity", "haematoxylin_mean", "dab_mean", "dab_positive")  # fmt: skip
PAGE = "**65.3%** (95% bootstrap percentile interval {} to 70.0%, 10000 resamples, seed 1).\n"
RGB = np.stack([micrograph()] * 3, -1)


def rows(names: dict[int, int], **nudge: float) -> list[tuple[str, ...]]:
    """A table of the twelve nuclei, sorted by their names, with something added to columns of each."""
    found = []
    for i in range(1, 13):
        values = {"centroid_row_px": 10.0 + i, "centroid_column_px": 20.0, "area_px": 100, "eccentricity": 0.5}
        values |= {"haematoxylin_mean": 0.04, "dab_mean": 0.09, "dab_positive": i % 2}
        values = {name: value + nudge.get(name, 0) for name, value in values.items()}
        found.append(("A1", str(names[i]), *(f"{values[name]:.6g}" for name in COLUMNS[2:])))
    return [COLUMNS, *sorted(found, key=lambda row: int(row[1]))]


def results(names: dict[int, int], noise: float = 0.0, **nudge: float) -> dict[str, Writer]:
    """Files as the workflow leaves them, with its labels renamed and small numbers added."""
    fraction = {"nuclei": 12, "fraction": 0.5, "interval": [0.6 + nudge.get("interval", 0), 0.7]}
    table_of = rows(names, **nudge)
    return {
        "results/labels/A1.ome.tif": ome_tiff(nuclei(names)),
        "results/stains/A1.ome.tif": ome_tiff((micrograph() / 255).astype("f4") + np.float32(noise)),
        "results/denoised/A1.tif": tiff((micrograph() / 255).astype("f4") + np.float32(noise)),
        "results/measurements/A1.tsv": table(table_of),
        "results/nuclei.tsv": table(table_of),
        "results/dab_positive_fraction.json": content(json.dumps(fraction)),
        "results/summary.md": content(PAGE.format(f"{60.3 + 100 * nudge.get('interval', 0):.1f}%")),
        "results/figure.png": raster(RGB),
    }


SAME = {i: i for i in range(1, 13)}


def verdicts(folder: Path, second: dict[str, Writer]) -> dict[str, str]:
    for side, files in (("first", results(SAME)), ("second", second)):
        for name, write in files.items():
            (folder / side / name).parent.mkdir(parents=True, exist_ok=True)
            write(folder / side / name)
    found = compare(folder / "first", folder / "second", load(ROOT / "config/tolerance.yaml"))
    return {v.path: v.verdict for v in found.verdicts}


def test_what_another_library_may_do_is_equivalent(tmp_path: Path) -> None:
    """Other numbers of the nuclei, rounding, another interval: every file is equivalent."""
    changed = results(SWAP, 5e-7, area_px=1, dab_mean=0.001, interval=0.004)
    changed["results/figure.png"] = raster(RGB + np.uint8(1))
    assert set(verdicts(tmp_path, changed).values()) == {"equivalent"}


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("results/labels/A1.ome.tif", ome_tiff(nuclei({3: 0}))),
        ("results/stains/A1.ome.tif", results(SAME, 5e-6)["results/stains/A1.ome.tif"]),
        ("results/denoised/A1.tif", results(SAME, 5e-5)["results/denoised/A1.tif"]),
        ("results/nuclei.tsv", results(SAME, area_px=5)["results/nuclei.tsv"]),
        ("results/nuclei.tsv", results(SAME, dab_positive=1)["results/nuclei.tsv"]),
        ("results/measurements/A1.tsv", table(rows(SAME)[:-1])),
        ("results/dab_positive_fraction.json", results(SAME, interval=0.01)["results/dab_positive_fraction.json"]),
        ("results/summary.md", content(PAGE.replace("65.3", "66.3").format("60.3%"))),
        ("results/figure.png", raster(255 - RGB)),
    ],
)
def test_a_change_that_matters_is_different(path: str, change: Writer, tmp_path: Path) -> None:
    """Each file has a change that its limit does not allow, and only this file is different."""
    found = verdicts(tmp_path, {**results(SAME), path: change})
    assert {p for p, verdict in found.items() if verdict == "different"} == {path}
