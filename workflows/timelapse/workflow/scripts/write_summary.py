"""Summary of the tracks for readers, as Markdown."""

import csv
import json
import sys
from typing import Any


def read_table(path: str) -> list[dict[str, str]]:
    """Rows of a tab-separated table with a header."""
    with open(path, newline="", encoding="utf-8") as table:
        return list(csv.DictReader(table, delimiter="\t"))


def motility_lines(motility: dict[str, Any]) -> list[str]:
    """How far the nuclei moved in one frame, and how sure that is."""
    first = motility["lags"][0]
    lower, upper = first["interval_px2"]
    known = motility["pixel_size_um"] is not None and motility["frame_interval_s"] is not None
    return [
        f"From one frame to the next the mean squared displacement of {motility['tracks']} nuclei is "
        f"**{first['msd_px2']:.2f} px²** ({motility['confidence_level']:.0%} bootstrap percentile interval "
        f"{lower:.2f} to {upper:.2f} px², {motility['resamples']} resamples, seed {motility['seed']}).",
        f"A pixel is {motility['pixel_size_um']:g} µm, a frame {motility['frame_interval_s']:g} s."
        if known
        else "How large a pixel is, or how long a frame lasts, is not known: this is no speed.",
    ]


def score_lines(score: dict[str, Any]) -> list[str]:
    """How well the tracks agree with those of the reference."""
    lines = [
        "",
        "| agreement with the reference tracks | |",
        "| --- | ---: |",
        *(f"| {name} | {score[name]:.4f} |" for name in ("TRA", "DET", "LNK")),
        f"| detection: precision | {score['detection_precision']:.4f} |",
        f"| detection: recall | {score['detection_recall']:.4f} |",
        f"| links that are right, of {score['reference_links']} | {score['correct_links']:.4f} |",
    ]
    return [*lines, "", "TRA, DET and LNK: Matula et al. 2015, https://doi.org/10.1371/journal.pone.0144959."]


def main(job: Any) -> None:
    """Write the page."""
    tracks, drift = read_table(job.input.tracks), read_table(job.input.drift)
    with open(job.input.motility, encoding="utf-8") as report:
        motility = json.load(report)
    last = drift[-1]
    lines = [
        "# Tracked nuclei",
        "",
        f"{len({row['track'] for row in tracks})} tracks of {len(tracks)} nuclei in {len(drift)} frames. In the last "
        f"one the field had drifted by {float(last['row_drift_px']):.2f} rows and {float(last['column_drift_px']):.2f} "
        "columns, which was taken out.",
        "",
        *motility_lines(motility),
    ]
    if job.input.score:
        with open(job.input.score, encoding="utf-8") as report:
            lines += score_lines(json.load(report))
    with open(job.output[0], "w", encoding="utf-8") as page:
        page.write("\n".join(lines) + "\n")
    print(f"{len(tracks)} nuclei")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
