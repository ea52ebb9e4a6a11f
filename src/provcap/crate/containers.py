"""Container images in a crate: the image file itself when it was asked for, and always what it was built from."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from provcap import digest
from provcap.crate.draft import Draft, fragment, ref
from provcap.crate.packing import Content, Packing
from provcap.crate.places import file_id, media_type
from provcap.crate.policy import Policy
from provcap.model import Gap, Image, Run

FOLDER: Final = "containers"
MAX_BYTES: Final = 1 << 20  #: of a file of a recipe
MAX_FILES: Final = 50
#: what stands beside an image and says how it was built
RECIPES: Final = ("Dockerfile", "Containerfile", "*.def")
BESIDE: Final = ("requirements*.txt", "*.lock", "environment*.yml", "environment*.yaml", "*.R", "*.sh")


def pack_images(run: Run, packing: Packing, policy: Policy) -> None:
    """Add the images' recipes to `packing`, and their files where `policy` says so."""
    for image in run.images:
        if image.kind != "sif" or not image.path:
            continue
        if policy.images:
            _pack_file(image, packing, policy.moved.get(image.path, Path(image.path)))
        for path in _recipe(policy.moved.get(image.path, Path(image.path))):
            data = path.read_bytes() if policy.clean is None else policy.clean(path.read_bytes(), path.name)
            place = packing.places.take(f"{FOLDER}/{Path(image.path).stem}/{path.name}")
            packing.contents[place] = Content(data=data, digest=digest.of_bytes(data))
            packing.images.append((image.id, place))


def _pack_file(image: Image, packing: Packing, path: Path) -> None:
    try:
        found = digest.of_file(path)
    except (OSError, ValueError):
        found = None
    if found is None or found != image.digest:
        what = "is not there any more" if found is None else "is no longer what ran"
        packing.gaps.append(Gap("image-vanished", f"image:{image.reference}", f"{path} {what}, so it is not packed"))
        return
    place = packing.places.take(f"{FOLDER}/{path.name}")
    packing.contents[place] = Content(path=path, digest=found)
    packing.images.append((image.id, place))


def _recipe(image: Path) -> Iterator[Path]:
    """The files beside `image` from which it can be built; none where there is no Dockerfile or definition file."""
    folder = image.parent
    try:
        found = [p for pattern in RECIPES for p in sorted(folder.glob(pattern)) if _is_text(p)]
        found += [p for pattern in BESIDE for p in sorted(folder.glob(pattern)) if _is_text(p)] if found else []
    except OSError:
        return
    yield from list(dict.fromkeys(found))[:MAX_FILES]


def _is_text(path: Path) -> bool:
    info = os.lstat(path)
    return stat.S_ISREG(info.st_mode) and info.st_size <= MAX_BYTES


def describe_images(draft: Draft, run: Run, packing: Packing) -> None:
    """Entities for what `pack_images` added."""
    images = {image.id: image for image in run.images}
    for identifier, place in packing.images:
        image, name = images[identifier], place.rsplit("/", 1)[-1]
        whole = packing.contents[place].path is not None
        description = f"The image {image.reference}" if whole else f"Beside {image.reference} when this was packed"
        draft.add(
            file_id(place),
            "File",
            name=name,
            description=description + ("" if whole else ": how it is built"),
            encodingFormat="application/vnd.sylabs.sif" if whole else media_type(place),
            contentSize=str(image.size_bytes) if whole and image.size_bytes else None,
            about=ref(fragment("image", identifier.removeprefix("sha256:"))),
        )
