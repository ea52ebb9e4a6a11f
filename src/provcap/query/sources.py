"""What is asked: the metadata of crates, and of runs as their crates would have it."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from provcap.errors import ProvcapError

METADATA: Final = "ro-crate-metadata.json"
BASE: Final = "https://w3id.org/provcap/crate/"  #: before the name of a crate in the IRIs of its entities
MAX_BYTES: Final = 2 << 30  #: of metadata


def graphs(names: Sequence[str], workdir: Path, scratch: Path) -> dict[str, Path]:
    """For each of `names`, runs and crates as the user wrote them, the base IRI of its graph and its metadata file.

    What has to be unpacked or written goes to `scratch`. Raises ProvcapError when one is neither a run nor a crate.
    """
    found: dict[str, Path] = {}
    for number, name in enumerate(names):
        path = _metadata(name, workdir, scratch / str(number))
        if path.stat().st_size > MAX_BYTES:
            raise ProvcapError("too-large", f"the metadata of {name} are {path.stat().st_size} bytes", "ask of a part")
        base = BASE + quote(Path(name).name or name, safe="") + "/"
        found[base if base not in found else f"{base[:-1]}-{number + 1}/"] = path
    return found


def _metadata(name: str, workdir: Path, scratch: Path) -> Path:
    path = workdir / name
    if name != "latest" and path.is_dir():
        inner = next((p for p in (path / METADATA, path / "data" / METADATA) if p.is_file()), None)
        if inner is not None:
            return inner
    if name != "latest" and path.is_file():
        return _from_zip(path, scratch) if zipfile.is_zipfile(path) else _bare(path)
    from provcap import crate  # the process that answers has no use for it, and it takes a second
    from provcap.opening import open_run

    crate.write(open_run(name, workdir).run, None, scratch, {})
    return scratch / METADATA


def _bare(path: Path) -> Path:
    if path.suffix in (".json", ".jsonld"):
        return path
    raise ProvcapError("no-crate", f"{path} is no crate: neither a zip nor JSON", "name a run, a crate or its metadata")


def _from_zip(path: Path, scratch: Path) -> Path:
    """The metadata alone, so that a crate of many gigabytes is not unpacked for a question."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [n for n in archive.namelist() if n == METADATA or n.endswith("/" + METADATA)]
            if not names:
                raise ProvcapError("no-crate", f"{path} holds no {METADATA}: it is no crate", "name a crate or a run")
            info = archive.getinfo(min(names, key=lambda n: (n.count("/"), n)))
            if info.file_size > MAX_BYTES:
                raise ProvcapError("too-large", f"{info.filename} in {path} claims {info.file_size} bytes")
            scratch.mkdir(parents=True)
            with archive.open(info) as source, open(scratch / METADATA, "xb") as target:
                shutil.copyfileobj(source, target, 1 << 20)  # zipfile stops at the size that the entry states
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ProvcapError("damaged-zip", f"{path} cannot be read: {error}", "get or write the crate again") from error
    return scratch / METADATA
