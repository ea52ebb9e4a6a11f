"""The engine, the interpreters, the packages, and the full inventory of each environment."""

from __future__ import annotations

from collections import defaultdict
from typing import Final
from urllib.parse import quote

from provcap.crate.draft import Draft, fragment, ref
from provcap.crate.packing import Packing
from provcap.model import Environment, Package, Run
from provcap.purl import purl

#: what people look for first when two image analyses differ; everything else is in the inventory
IMPORTANT: Final = frozenset({
    "aicsimageio", "bioformats", "bioimageio.core", "bioio", "cellpose", "cupy", "dask", "dplyr", "ebimage",
    "ggplot2", "itk", "jax", "keras", "matplotlib", "napari", "numba", "numpy", "ome-types", "ome-zarr",
    "onnxruntime", "opencv-python", "opencv-python-headless", "pandas", "pillow", "polars", "pyimagej",
    "scikit-image", "scikit-learn", "scipy", "seaborn", "seurat", "simpleitk", "stardist", "statsmodels",
    "tensorflow", "tidyverse", "tifffile", "torch", "torchvision", "trackpy", "xarray", "zarr",
})  # fmt: skip
_HOMES: Final = {
    "bash": "https://www.gnu.org/software/bash/",
    "julia": "https://julialang.org/",
    "perl": "https://www.perl.org/",
    "python": "https://www.python.org/",
    "r": "https://www.r-project.org/",
    "ruby": "https://www.ruby-lang.org/",
    "rust": "https://www.rust-lang.org/",
    "node": "https://nodejs.org/",
    "java": "https://openjdk.org/",
    "matlab": "https://www.mathworks.com/products/matlab.html",
    "octave": "https://octave.org/",
}
_PIP_FORMAT: Final = "https://pip.pypa.io/en/stable/reference/requirements-file-format/"
_TABLE_FORMAT: Final = "https://www.iana.org/assignments/media-types/text/tab-separated-values"
PIP: Final = "pip-freeze.txt"
TABLE: Final = "packages.tsv"


def add_engine(draft: Draft, run: Run) -> str:
    """Snakemake, as the software that organised the run."""
    version = run.snakemake_version
    return draft.add(
        f"https://pypi.org/project/snakemake/{version}/" if version else "https://pypi.org/project/snakemake/",
        "SoftwareApplication",
        name="Snakemake",
        url="https://snakemake.readthedocs.io/",
        version=version,
        identifier=f"pkg:pypi/snakemake@{version}" if version else "pkg:pypi/snakemake",
    )


def add_requirements(draft: Draft, environment: Environment, tool: str, imported: frozenset[str]) -> None:
    """What `tool` needed of `environment`: its interpreters and packages (competency question 10).

    The packages are those that its jobs were seen to import; the best known ones where nothing was seen.
    """
    for interpreter in environment.interpreters:
        identifier = fragment("interpreter", interpreter.language, interpreter.version)
        home = _HOMES.get(interpreter.language.lower())
        name = interpreter.language.capitalize()
        about = f"{name} {interpreter.version}" + (f" ({interpreter.build})" if interpreter.build else "")
        properties = {"version": interpreter.version, "description": about}
        draft.add(identifier, "SoftwareApplication", name=name, url=home or ref(identifier), **properties)
        draft.link(tool, "softwareRequirements", identifier)
    for package in environment.packages:
        if package.name.lower() in (imported or IMPORTANT):
            draft.link(tool, "softwareRequirements", _add_package(draft, package, environment))


def _add_package(draft: Draft, package: Package, environment: Environment) -> str:
    name, version = quote(package.name), quote(package.version)
    homes = {
        "pypi": f"https://pypi.org/project/{name}/{version}/",
        "conda": f"https://anaconda.org/search?q={name}",
        "cran": f"https://cran.r-project.org/package={name}",
        "deb": f"https://packages.debian.org/{name}",
        "apk": f"https://pkgs.alpinelinux.org/packages?name={name}",
        "rpm": f"https://rpmfind.net/linux/rpm2html/search.php?query={name}",
    }
    home = homes[package.manager]
    address = purl(package, environment)
    identifier = home if package.manager == "pypi" else fragment("package", address.removeprefix("pkg:"))
    properties = {"url": home, "version": package.version, "identifier": address}
    return draft.add(identifier, "SoftwareApplication", name=package.name, **properties)


def listings(environment: Environment) -> dict[str, bytes]:
    """The inventory of `environment` as files: what pip would say, and a table of all packages."""
    pypi = sorted({_frozen(p) for p in environment.packages if p.manager == "pypi"})
    table = sorted((p.manager, p.name, p.version, p.architecture or "", p.origin or "") for p in environment.packages)
    rows = ["\t".join(row) for row in [("manager", "name", "version", "architecture", "origin"), *table]]
    found = {TABLE: rows} if environment.packages else {}
    if pypi:
        found[PIP] = pypi
    return {name: ("\n".join(lines) + "\n").encode() for name, lines in found.items()}


def _frozen(package: Package) -> str:
    if package.origin and (package.editable or package.origin.startswith(("git+", "hg+", "svn+", "file:"))):
        return f"-e {package.origin}" if package.editable else f"{package.name} @ {package.origin}"
    return f"{package.name}=={package.version}"


def add_environments(draft: Draft, run: Run, packing: Packing, tools: dict[str, str], images: dict[str, str]) -> None:
    """Each environment's inventory, told to its steps, its images and its tools (`tools` and `images` by model id)."""
    imported = _imported(run)
    users: dict[str, set[str]] = defaultdict(set)
    within: dict[str, set[str]] = defaultdict(set)
    for job in run.jobs:
        if job.environment:
            users[job.environment].add(job.rule)
            within[job.environment] |= {images[job.image]} if job.image in images else set()
    for environment in run.environments:
        rules = users[environment.id]
        for rule in sorted(rules):
            add_requirements(draft, environment, tools[rule], imported[rule])
        about = within[environment.id] or {tools[rule] for rule in rules}
        _add_listings(draft, packing, environment, about, {fragment("step", rule) for rule in rules})


def _imported(run: Run) -> dict[str, frozenset[str]]:
    """For each rule, the names of the packages that its jobs imported from their own environment."""
    modules = {found.id: found.modules for found in run.imports}
    names: dict[str, set[str]] = defaultdict(set)
    for job in run.jobs:
        for module in modules.get(job.imports or "", ()):
            if not module.from_host:
                names[job.rule].add((module.distribution or module.name).lower())
    return defaultdict(frozenset, {rule: frozenset(found) for rule, found in names.items()})


def _add_listings(draft: Draft, packing: Packing, environment: Environment, about: set[str], steps: set[str]) -> None:
    found = listings(environment)
    short = environment.id.removeprefix("sha256:")[:12]
    titles = {PIP: "Python packages, as pip freeze lists them", TABLE: "All installed packages"}
    for name in sorted(found):
        place = packing.places.take(f"provenance/environments/{short}/{name}")
        standard = _PIP_FORMAT if name == PIP else _TABLE_FORMAT
        draft.add(standard, "WebPageElement", name="pip requirements file" if name == PIP else "Tab-separated values")
        entity = draft.add(
            packing.put(place, found[name]),
            "File",
            name=f"{name} of environment {short}",
            description=f"{titles[name]} in {environment.os_name or 'the environment'} ({environment.id})",
            encodingFormat="text/plain" if name == PIP else "text/tab-separated-values",
            conformsTo=ref(standard),
            about=set(about),
        )
        for step in steps if name == PIP or PIP not in found else ():
            draft.link(step, "buildInstructions", entity)
