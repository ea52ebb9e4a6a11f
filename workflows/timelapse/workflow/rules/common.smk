# What the rules share: the checked configuration, where its files lie, and the chunks of frames.

from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import validate


def container_image() -> str | None:
    """The configured image: an address such as docker://name as it is, a file beside the workflow."""
    image = config["container"]
    if image is None or "://" in image:
        return image
    return str(Path(workflow.basedir).parent.joinpath(image).resolve())


def chunks() -> dict[str, list[int]]:
    """First frame and the one after the last of each chunk, by the name of the chunk, in order."""
    frames, size = config["frames"], config["segmentation"]["frames_per_job"]
    found = {}
    for first in range(0, frames, size):
        after = min(first + size, frames)
        found[f"{first:04d}-{after - 1:04d}"] = [first, after]
    return found


def segmented_channel() -> int:
    """Index of the channel that shows the nuclei."""
    names = [channel["name"] for channel in config["channels"]]
    if names.count(config["segmented_channel"]) != 1:
        raise WorkflowError(f"segmented_channel: {config['segmented_channel']} is not one of {', '.join(names)}")
    return names.index(config["segmented_channel"])


validate(config, "../schemas/config.schema.yaml")

CHUNKS = chunks()
CHANNEL = segmented_channel()
RECORDING = config["recording"] or "resources/recording.tif"
# A recording of one's own has tracks to compare with only if they are named.
TRACKS = config["reference_tracks"] or ([] if config["recording"] else "resources/reference_tracks.tsv")
SCORE = "results/score.json" if TRACKS else []


wildcard_constraints:
    chunk=r"\d+-\d+",
