"""Crates in a BagIt bag (RFC 8493): the payload below ``data/`` and the digests that it must have."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provcap import unpack
from provcap.errors import ProvcapError


@contextmanager
def opened(crate: Path) -> Iterator[Path]:
    """The directory of the crate in `crate`: a zip, a directory, or a bag, packed or not, whose digests were verified.

    Raises ProvcapError when there is none, or when a zip or bag is damaged or means harm.
    """
    with unpack.opened(crate) as found:
        bag = None if (found / "ro-crate-metadata.json").exists() else _bag(found)
        if bag is not None:
            _verify(bag, crate)
        yield found if bag is None else bag / "data"


@contextmanager
def crate_root(crate: Path) -> Iterator[Path]:
    """As `opened`, and nothing in the crate is a link. Raises ProvcapError."""
    with opened(crate) as root:
        _refuse_links(root, crate)
        yield root


def _bag(folder: Path) -> Path | None:
    inner = list(folder.iterdir()) if folder.is_dir() else []
    candidates = [folder, *inner[:1]] if len(inner) == 1 else [folder]
    return next((c for c in candidates if (c / "bagit.txt").is_file() and not c.is_symlink()), None)


def _verify(bag: Path, crate: Path) -> None:
    try:
        import bagit  # type: ignore[import-untyped]
    except ImportError as error:
        raise ProvcapError("not-installed", "bagit is not installed", "pip install 'provcap[bags]'") from error
    _refuse_links(bag, crate)
    if (bag / "fetch.txt").exists():
        raise ProvcapError("damaged-bag", f"the bag {crate} leaves files to be fetched", "get the complete bag")
    try:
        bagit.Bag(os.fspath(bag)).validate(processes=1)
    except (bagit.BagError, OSError, ValueError, LookupError) as error:
        message = f"the bag {crate} is not what its manifests say: {str(error)[:300]}"
        raise ProvcapError("damaged-bag", message, "get it again where it came from") from error


def _refuse_links(root: Path, crate: Path) -> None:
    """A link in a crate could show a file of this machine as if it were part of the crate."""
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = Path(folder, name)
            if path.is_symlink() or not (path.is_dir() or path.is_file()):
                message = f"{path.relative_to(root).as_posix()!a} in {crate} is a link or a special file"
                raise ProvcapError("unsafe-crate", message, "do not trust it; ask for it again where it came from")
