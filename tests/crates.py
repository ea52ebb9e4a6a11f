"""Crates of small real runs, and ways to spoil them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests import workflows

ABOUT = """
title: Counted words
description: Words are counted.
license: CC-BY-4.0
keywords: [words]
authors: [{name: Josiah Carberry, orcid: 0000-0002-1825-0097, affiliation: {name: Brown University, ror: "https://ror.org/05gq02987", url: "https://www.brown.edu"}}]
publisher: {name: Brown University, ror: "https://ror.org/05gq02987", url: "https://www.brown.edu"}
"""


def pack(workdir: Path, target: Path, *words: str) -> Path:
    """Pack the last run in `workdir` as a crate."""
    done = workflows.provcap(workdir, "crate", "-o", str(target), *words)
    assert done.returncode == 0, done.stderr
    return target


def unpacked(crate: Path, folder: Path) -> Path:
    """The crate as a directory."""
    with zipfile.ZipFile(crate) as archive:
        archive.extractall(folder)
    return folder


def spoil(crate: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """Change run.json in the directory `crate`."""
    plain = json.loads((crate / "provenance/run.json").read_bytes())
    change(plain)
    (crate / "provenance/run.json").write_text(json.dumps({"format": plain.pop("format"), **plain}))
    return crate
