"""Digests of files and trees."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provcap import digest

NAMES = st.text(
    st.characters(blacklist_characters="/\0", blacklist_categories=("Cs",)), min_size=1, max_size=12
).filter(lambda n: n not in (".", "..", ".snakemake_timestamp"))


@given(st.binary(max_size=5000))
def test_file_digest_is_sha256(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """The digest of a file is the SHA-256 of its bytes."""
    path = tmp_path_factory.mktemp("d") / "f"
    path.write_bytes(content)
    assert digest.of_file(path) == "sha256:" + hashlib.sha256(content).hexdigest() == digest.of_bytes(content)


@given(st.dictionaries(NAMES, st.binary(max_size=50), max_size=6), st.randoms())
def test_tree_digest_does_not_depend_on_order(tmp_path_factory: pytest.TempPathFactory, files: dict, random) -> None:
    """Two trees with the same files have one digest, in whatever order they were written, and another name or byte
    gives another."""
    found = []
    for _ in range(2):
        root = tmp_path_factory.mktemp("tree")
        items = list(files.items())
        random.shuffle(items)
        for name, content in items:
            (root / "sub").mkdir(exist_ok=True)
            (root / "sub" / name).write_bytes(content)
        found.append(digest.of_tree(root))
    assert found[0] == found[1]
    assert found[0][1] == sum(map(len, files.values()))
    if files:
        name = next(iter(files))
        (root / "sub" / name).write_bytes(files[name] + b"x")
        assert digest.of_tree(root)[0] != found[0][0]


def test_changed_file_is_hashed_again(tmp_path: Path) -> None:
    """The memory of digests does not outlive a change of the file."""
    path = tmp_path / "f"
    path.write_bytes(b"one")
    first = digest.of_file(path)
    path.write_bytes(b"two")
    os.utime(path, ns=(1, 1))
    assert digest.of_file(path) == digest.of_bytes(b"two") != first


def test_fifo_is_never_opened(tmp_path: Path) -> None:
    """A FIFO raises instead of blocking for ever, alone and in a tree."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        digest.of_file(tmp_path / "pipe")
    assert digest.of_tree(tmp_path)[1] == 0


def test_links_in_a_tree_are_not_followed(tmp_path: Path) -> None:
    """A link counts by its target's text: a loop ends, and what lies elsewhere is not read."""
    (tmp_path / "loop").symlink_to(".")
    before = digest.of_tree(tmp_path)[0]
    (tmp_path / "loop").unlink()
    (tmp_path / "loop").symlink_to("elsewhere")
    assert digest.of_tree(tmp_path)[0] != before


def test_tree_digest_is_what_the_documentation_says(tmp_path: Path) -> None:
    """The definition in the module's text, worked out by hand."""
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "y").write_bytes(b"2")
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / ".snakemake_timestamp").write_bytes(b"now")
    one, two = hashlib.sha256(b"1").hexdigest(), hashlib.sha256(b"2").hexdigest()
    listing = f"f {one} a\0f {two} b/y\0".encode()
    assert digest.of_tree(tmp_path) == ("sha256:" + hashlib.sha256(listing).hexdigest(), 2)
