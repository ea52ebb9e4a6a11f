# What the rules share: the checked configuration and where the images lie.

from pathlib import Path

from snakemake.utils import validate


def beside_workflow(path: str) -> str:
    """`path` as it is when absolute, else relative to the folder that holds `config/` and `workflow/`."""
    return str(Path(workflow.basedir).parent.joinpath(path).resolve())


def container_image() -> str | None:
    """The configured image: an address such as docker://name as it is, a file beside the workflow."""
    image = config["container"]
    return image if image is None or "://" in image else beside_workflow(image)


validate(config, "../schemas/config.schema.yaml")

MICROGRAPH = config["micrograph"] or "resources/PGC_20X.czi"
MODEL = config["model"] or "resources/PGC_20X_nucleus_detector.czseg"
TRUTH = config["scoring"]["truth"] or "resources/mask2d.tif"
IMAGES = {
    "phase_gradient": "results/phase_gradient/image.ome.tif",
    "fluorescence": config["scoring"]["image"] or "resources/img2d.tif",
}


wildcard_constraints:
    image="phase_gradient|fluorescence",
