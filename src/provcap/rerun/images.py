"""Container images for a rerun, by digest wherever that can be; where it cannot, a substitute that is called one."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from provcap import digest
from provcap.errors import ProvcapError
from provcap.model import Image, Run
from provcap.rerun.files import Shelf
from provcap.rerun.layout import Layout

TIMEOUT_S = 3600  #: for pulling or building an image
RECIPES = "containers"  #: folder of a crate with what its images were built from
Way = Literal["crate", "cache", "registry", "engine", "recipe"]
_PINNED = re.compile(r"@sha256:[0-9a-f]{64}$")
_REMOTE = re.compile(r"(docker|oras|library|shub|https)://\w")
_NAME = re.compile(r"[A-Za-z0-9][\w.:/@+-]{0,300}")


@dataclass(frozen=True, slots=True)
class Supply:
    """Where an image will come from."""

    image: Image
    target: Path  #: where the workflow looks for it
    way: Way | None = None  #: None: nobody has it
    origin: str = ""  #: a file, a reference, a folder with a recipe
    exact: bool = False  #: the same file, by its digest

    @property
    def told(self) -> str:
        """In words where it comes from."""
        ways = {
            "crate": "in the crate",
            "cache": f"a local copy, {self.origin}",
            "registry": f"pulled as {self.origin}",
            "engine": f"made of the local Docker image {self.origin}",
            "recipe": f"built from the recipe in the crate, {Path(self.origin).name}",
        }
        return ways[self.way] if self.way else "nowhere to be had"


def supplies(run: Run, layout: Layout, shelf: Shelf) -> list[Supply]:
    """For each image that jobs of `run` used under Apptainer, the best way to get it; nothing is fetched yet."""
    used = {job.image for job in run.jobs}
    return [_supply(i, layout, shelf) for i in run.images if i.id in used and i.kind != "docker"]


def _supply(image: Image, layout: Layout, shelf: Shelf) -> Supply:
    target = place(image, layout)
    if image.digest and (hit := shelf.find(image.digest, image.size_bytes)):
        return Supply(image, target, "crate" if hit[1] == "crate" else "cache", str(hit[0]), exact=True)
    if image.digest and (local := _cached(image)):
        return Supply(image, target, "cache", str(local), exact=True)
    if _REMOTE.match(image.reference):
        return Supply(image, target, "registry", image.reference)
    recipe = _recipe(image, shelf.root)
    source = image.labels.get("org.label-schema.usage.singularity.deffile.from", "")
    engine = image.labels.get("org.label-schema.usage.singularity.deffile.bootstrap", "")
    if engine == "docker-daemon" and _NAME.fullmatch(source) and _engine_has(source):
        return Supply(image, target, "engine", source)
    if engine == "docker" and _NAME.fullmatch(source):
        return Supply(image, target, "registry", f"docker://{source}")
    if recipe is not None:
        return Supply(image, target, "recipe", str(recipe))
    return Supply(image, target)


def place(image: Image, layout: Layout) -> Path:
    """Where Snakemake will look for the image: at its path, or among those that it has pulled.

    Snakemake calls a pulled image by the MD5 of its address (snakemake.deployment.singularity.Image.path).
    """
    if "://" in image.reference and not image.reference.startswith("file:"):
        name = hashlib.md5(image.reference.encode(), usedforsecurity=False).hexdigest()
        return pulled(layout) / f"{name}.simg"
    return layout.place(image.path or image.reference.removeprefix("file://"))


def pulled(layout: Layout) -> Path:
    """The folder of images that have an address."""
    return layout.workdir / ".snakemake" / "singularity"


def _cached(image: Image) -> Path | None:
    """A file of this machine with the digest of `image`: where the run had it, or in a cache of Apptainer."""
    candidates: list[Path] = [Path(image.path)] if image.path and image.path.startswith("/") else []
    candidates += (path for folder in _caches() for path in _of_size(folder, image.size_bytes))
    for path in candidates:
        try:
            if path.is_file() and path.stat().st_size == image.size_bytes and digest.of_file(path) == image.digest:
                return path
        except (OSError, ValueError):
            continue
    return None


def _caches() -> Iterator[Path]:
    home = Path.home()
    defaults = {
        "APPTAINER_CACHEDIR": home / ".apptainer/cache",
        "SINGULARITY_CACHEDIR": home / ".singularity/cache",
    }
    for variable, default in defaults.items():
        yield Path(os.environ.get(variable) or default)


def _of_size(folder: Path, size: int | None) -> Iterator[Path]:
    for path in folder.rglob("*") if folder.is_dir() and size else ():
        try:
            if path.is_file() and path.stat().st_size == size:
                yield path
        except OSError:
            continue


def _recipe(image: Image, root: Path) -> Path | None:
    """The recipe of `image` in the crate: a Dockerfile, or a definition file of Apptainer."""
    name = Path(image.path or image.reference).stem
    folder = root / RECIPES / name
    if not name.strip(".") or not folder.is_dir():
        return None
    files = sorted(p for p in folder.iterdir() if p.is_file())
    wanted = [p for p in files if p.name in ("Dockerfile", "Containerfile") or p.suffix == ".def"]
    return next(iter(wanted), None)


def put_recipe(supply: Supply, root: Path) -> None:
    """Lay the image's recipe beside it, so that a crate of the rerun has it again."""
    recipe = _recipe(supply.image, root)
    for path in sorted(recipe.parent.iterdir()) if recipe else ():
        beside = supply.target.with_name(path.name)
        if path.is_file() and not beside.exists():
            shutil.copyfile(path, beside)


def _engine_has(name: str) -> bool:
    command = ["docker", "image", "inspect", "--", name]
    return (
        shutil.which("docker") is not None and subprocess.run(command, capture_output=True, check=False).returncode == 0
    )


def obtain(supply: Supply, say: Callable[[str], None]) -> Supply:
    """Bring the image to its place; the Supply with what is known of it now.

    Raises ProvcapError (``image-unavailable``) when it cannot be had.
    """
    supply.target.parent.mkdir(parents=True, exist_ok=True)
    say(f"image {supply.image.reference}: {supply.told}")
    if supply.way in ("crate", "cache"):
        _link(Path(supply.origin), supply.target, copy=supply.way == "crate")
        return supply
    if shutil.which("apptainer") is None:
        raise ProvcapError("no-engine", "there is no apptainer on the PATH to run its containers", "provcap doctor")
    if supply.way == "registry":
        _run(["apptainer", "pull", str(supply.target), supply.origin], supply)
    elif supply.way == "engine":
        _run(["apptainer", "build", str(supply.target), f"docker-daemon:{_tagged(supply.origin)}"], supply)
    else:
        _build(Path(supply.origin), supply)
    same = digest.of_file(supply.target) == supply.image.digest
    return Supply(supply.image, supply.target, supply.way, supply.origin, exact=same)


def _tagged(name: str) -> str:
    return name if ":" in name.rsplit("/", 1)[-1] else f"{name}:latest"


def _link(origin: Path, target: Path, copy: bool) -> None:
    if copy:
        shutil.copyfile(origin, target)
        return
    try:  # gigabytes are not copied from one place of this machine to another
        os.link(origin.resolve(), target)
    except OSError:
        target.symlink_to(origin.resolve())


def _build(recipe: Path, supply: Supply) -> None:
    if recipe.suffix == ".def":
        _run(["apptainer", "build", str(supply.target), recipe.name], supply, recipe.parent)
        return
    with tempfile.TemporaryDirectory(prefix="provcap-image-") as scratch:
        identity = Path(scratch, "id")
        name = f"provcap-rerun:{hashlib.sha256(str(supply.image.id).encode()).hexdigest()[:12]}"
        words = ["docker", "build", "--file", recipe.name, "--tag", name, "--iidfile", str(identity), "."]
        _run(words, supply, recipe.parent)
        _run(["apptainer", "build", str(supply.target), f"docker-daemon:{name}"], supply)


def _run(command: list[str], supply: Supply, folder: Path | None = None) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, errors="replace", check=False, timeout=TIMEOUT_S
        )
        problem = "" if done.returncode == 0 else (done.stderr or done.stdout).strip()[-400:]
    except (OSError, subprocess.TimeoutExpired) as error:
        problem = str(error)
    if problem:
        message = f"the image {supply.image.reference} could not be {supply.told}: {problem}"
        raise ProvcapError("image-unavailable", message, "get it, and name its folder: provcap rerun … --from FOLDER")


def pinned(supply: Supply) -> bool:
    """Whether the registry was asked by digest: the same content, even if Apptainer packs it into another file."""
    return supply.way == "registry" and bool(_PINNED.search(supply.origin))
