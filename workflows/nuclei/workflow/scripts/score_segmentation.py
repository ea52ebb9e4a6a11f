"""Score labels against the ground truth, nucleus by nucleus."""

import json
import sys
from typing import Any

import numpy as np
import tifffile
from skimage import segmentation


def overlaps(labels: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """IoU (float64, 0..1, shape (nuclei, nuclei of the truth)) of two label images (axes YX, 0 is background)."""
    found, known = (segmentation.relabel_sequential(image.astype(np.int64))[0] for image in (labels, truth))
    shared = np.zeros((found.max() + 1, known.max() + 1), dtype=np.int64)
    np.add.at(shared, (found.ravel(), known.ravel()), 1)
    union = shared.sum(axis=1, keepdims=True) + shared.sum(axis=0, keepdims=True) - shared
    return (shared / np.maximum(union, 1))[1:, 1:]


def score(overlap: np.ndarray, iou: float) -> dict[str, float | int]:
    """Precision, recall and F1 (0..1) of the nuclei whose IoU exceeds `iou` (>= 0.5, so that none has two partners).

    Source: Caicedo et al. 2019, doi:10.1038/s41592-019-0612-7. The mean IoU of the matched ones is the segmentation
    quality of Kirillov et al. 2019, doi:10.1109/CVPR.2019.00963. Raises ValueError where either side has no nucleus.
    """
    found, known = overlap.shape
    if not found or not known:
        raise ValueError(f"{found} nuclei were found of {known}: nothing can be scored")
    matched = overlap[overlap > iou]
    return {
        "iou": iou,
        "nuclei": found,
        "nuclei_of_truth": known,
        "matched": matched.size,
        "precision": matched.size / found,
        "recall": matched.size / known,
        "f1": 2 * matched.size / (found + known),
        "mean_matched_iou": float(matched.mean()) if matched.size else 0.0,
    }


def main(job: Any) -> None:
    """Write the score as JSON."""
    labels = tifffile.imread(job.input.labels)
    result = score(overlaps(labels, tifffile.imread(job.input.truth)), job.params.iou)
    with open(job.output[0], "w", encoding="utf-8") as report:
        report.write(json.dumps(result, indent=2) + "\n")
    print(f"F1 {result['f1']:.4f}, mean IoU of matched nuclei {result['mean_matched_iou']:.4f}")


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
