"""How far apart are two files, runs, crates and directories, and is that within the limits?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from provcap.compare import compare
from provcap.compare.limits import Limits, load
from provcap.model import Verdict
from tests.comparison.pairs import PAIRS, Pair


def limits(folder: Path, *files: dict[str, Any], labels: list[dict[str, Any]] | None = None) -> Limits:
    """Limits with these entries, each with a reason if it has none."""
    entries = [{"pattern": "**", "because": "it is a test", **entry} for entry in files]
    plain: dict[str, Any] = {"format": "provcap.limits/1", "files": entries}
    if labels:
        plain["labels"] = [{"because": "labels are names", **entry} for entry in labels]
    path = folder / "tolerance.yaml"
    path.write_text(yaml.safe_dump(plain))
    return load(path)


def verdict_on(pair: Pair, folder: Path) -> Verdict:
    """What is said about the files of `pair`."""
    places = [folder / side / pair.name for side in ("first", "second")]
    for place, write in zip(places, (pair.first, pair.second), strict=True):
        place.parent.mkdir()
        write(place)
    given = limits(folder, pair.entry) if pair.entry is not None else None
    found = compare(*places, given).verdicts
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.what)
def test_every_pair_gets_the_right_verdict(pair: Pair, tmp_path: Path) -> None:
    """Identical, within, beyond, damaged, of another type: the verdict is the right one and says why."""
    found = verdict_on(pair, tmp_path)
    assert (found.verdict, found.reason) == (pair.verdict, found.reason)
    assert pair.reason in found.reason, found.reason
    assert pair.comparator in (None, found.comparator)
    assert (found.because is not None) == (found.verdict == "equivalent")
