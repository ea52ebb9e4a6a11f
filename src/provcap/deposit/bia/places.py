"""Where in a submission a file of the run goes.

BioStudies lets few characters through (`limits.BIOSTUDIES_KEY`): others become underscores, and the file list has the
path of the run beside the new one. Nor would the validator take ``a,b``, or a name with a quote at its end, for one.
"""

from __future__ import annotations

import re
from typing import Final

from provcap.crate import places

FILES: Final = "files"
PROVENANCE: Final = "provenance"
_REST: Final = re.compile(r"[^A-Za-z0-9!\-._*'() ]")
_ENDS: Final = re.compile(r"^[ ']|[ '.]$")
_LONGEST: Final = 200  #: characters of a name


class Places:
    """The paths that are taken. First come, first served, so ask in a fixed order."""

    def __init__(self) -> None:
        self._places: dict[str, places.Places] = {}

    def take(self, path: str, folder: str = FILES) -> str:
        """A free path below `folder` for what the run calls `path`; a path that was taken can itself be a folder."""
        names = [_ENDS.sub("_", _REST.sub("_", name)[-_LONGEST:]) for name in places.inside(path).split("/")]
        return f"{folder}/{self._places.setdefault(folder, places.Places()).take('/'.join(names))}"
