"""What is found out of the images of a run after it, in order: a step may use what the ones before it found."""

from __future__ import annotations

from pathlib import Path

from provcap.bioimage.acquiring import PIXELS, acquired
from provcap.bioimage.batches import compared
from provcap.bioimage.contradicting import contradicted
from provcap.bioimage.depending import depending
from provcap.bioimage.qualities import measured
from provcap.bioimage.weights.weighing import weighed
from provcap.model import Run


def described(run: Run, files: Path | None, pixels: int = PIXELS) -> Run:
    """`run` with what its images say of themselves; `files` is the directory that its paths are relative to.

    Without one, or when all is known already, the run is given back as it is. Pixels are read of images of at most
    `pixels` bytes, 0 for none.
    """
    run = measured(acquired(run, files, pixels), files, pixels)
    run = run if files is None else contradicted(compared(run))
    return weighed(depending(run, files), files)
