"""The engine, the interpreters, the packages, and the full inventory of each environment."""

from __future__ import annotations

from collections import defaultdict
from pathlib import PurePosixPath
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
_LANGUAGES: Final = {".py": "python", ".ipynb": "python", ".r": "r", ".rmd": "r", ".jl": "julia", ".rs": "rust"}
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


def add_requirements(
    draft: Draft, environment: Environment, tool: str, used: frozenset[str], called: frozenset[str] | None
) -> None:
    """What `tool` needed of `environment`: its interpreters and packages (competency question 10).

    `used` are packages in lower case: those that its jobs were seen to import or call, or the best known ones where
    nothing was seen. `called` are names of programs; without them, all interpreters are told.
    """
    for interpreter in environment.interpreters:
        if called is not None and not _is_called(interpreter.language.lower(), called):
            continue
        identifier = fragment("interpreter", interpreter.language, interpreter.version)
        home = _HOMES.get(interpreter.language.lower())
        name = interpreter.language.capitalize()
        about = f"{name} {interpreter.version}" + (f" ({interpreter.build})" if interpreter.build else "")
        properties = {"version": interpreter.version, "description": about}
        draft.add(identifier, "SoftwareApplication", name=name, url=home or ref(identifier), **properties)
        draft.link(tool, "softwareRequirements", identifier)
    for package in environment.packages:
        if package.name.lower() in used:
            draft.link(tool, "softwareRequirements", _add_package(draft, package, environment))


def _is_called(language: str, called: frozenset[str]) -> bool:
    if language == "r":
        return not called.isdisjoint(("r", "rscript"))
    return any(name.startswith(language) for name in called)


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
    return {name: ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace") for name, lines in found.items()}


def _frozen(package: Package) -> str:
    if package.origin and (package.editable or package.origin.startswith(("git+", "hg+", "svn+", "file:"))):
        return f"-e {package.origin}" if package.editable else f"{package.name} @ {package.origin}"
    return f"{package.name}=={package.version}"


def add_environments(draft: Draft, run: Run, packing: Packing, tools: dict[str, str], images: dict[str, str]) -> None:
    """Each environment's inventory, told to its steps, its images and its tools (`tools` and `images` by model id)."""
    imported, called = _imported(run), _called(run)
    shells = {job.rule for job in run.jobs} - {job.rule for job in run.jobs if job.kind != "shell"}
    users: dict[str, set[str]] = defaultdict(set)
    within: dict[str, set[str]] = defaultdict(set)
    for job in run.jobs:
        if job.environment:
            users[job.environment].add(job.rule)
            within[job.environment] |= {images[job.image]} if job.image in images else set()
    for environment in run.environments:
        rules = users[environment.id]
        for rule in sorted(rules):
            seen = imported[rule] or (called.get(rule, IMPORTANT) if rule in shells else IMPORTANT)
            add_requirements(draft, environment, tools[rule], seen, called.get(rule))
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


def _called(run: Run) -> dict[str, frozenset[str]]:
    """For each rule of which that is known of every job: the programs that its jobs called, and their packages."""
    found: dict[str, set[str]] = defaultdict(set)
    unknown = set()
    for job in run.jobs:
        language = _LANGUAGES.get(PurePosixPath(job.script or "").suffix.lower())
        if job.kind == "shell" and job.tools:
            names = {name for tool in job.tools for name in (tool.name, tool.package) if name}
        elif job.kind in ("script", "notebook") and language:
            names = {language}
        else:
            unknown.add(job.rule)
            continue
        found[job.rule] |= {name.lower() for name in names}
    return {rule: frozenset(names) for rule, names in found.items() if rule not in unknown}


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
