"""Summary of the measurements and of the score for readers, as Markdown."""

import json
import sys
from typing import Any


def summary(median: dict[str, Any], score: dict[str, Any], manifest: dict[str, Any]) -> str:
    """The page's text: the median area with its interval, the network, and the score."""
    lower, upper = median["interval_um2"]
    lines = [
        "# Nuclei",
        "",
        f"{median['nuclei']} nuclei were found by the network {manifest['name']}. Their median area is",
        f"**{median['median_area_um2']:.1f} µm²** ({median['confidence_level']:.0%} bootstrap percentile interval "
        f"{lower:.1f} to {upper:.1f} µm², {median['resamples']} resamples, seed {median['seed']}).",
        "The interval holds for the nuclei of this micrograph, not for other cells.",
        "",
        "## Score",
        "",
        "Of the fluorescence image, whose nuclei are known. They were found by a threshold, not by the network;",
        "what parts them is the same.",
        "",
        f"| IoU above {score['iou']:g} | |",
        "| --- | ---: |",
        f"| nuclei found | {score['nuclei']} |",
        f"| nuclei of the truth | {score['nuclei_of_truth']} |",
        f"| matched | {score['matched']} |",
        f"| precision | {score['precision']:.3f} |",
        f"| recall | {score['recall']:.3f} |",
        f"| F1 | {score['f1']:.3f} |",
        f"| mean IoU of the matched | {score['mean_matched_iou']:.3f} |",
    ]
    return "\n".join(lines) + "\n"


def main(job: Any) -> None:
    """Write the page."""
    read = []
    for path in (job.input.median, job.input.score, job.input.manifest):
        with open(path, encoding="utf-8") as report:
            read.append(json.load(report))
    with open(job.output[0], "w", encoding="utf-8") as page:
        page.write(summary(*read))
    print(f"{read[0]['nuclei']} nuclei")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
