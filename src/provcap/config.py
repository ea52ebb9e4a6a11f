"""The small YAML files in which people say things, in the work directory or in its ``config/``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

from provcap.errors import BadConfig

MAX_BYTES: Final = 1 << 20


def find(workdir: Path, name: str) -> Path | None:
    """The file `name` in `workdir` or in its ``config/``; None when there is none."""
    return next((path for path in (workdir / name, workdir / "config" / name) if path.is_file()), None)


def read(path: Path, hint: str) -> dict[str, Any]:
    """The mapping in the file at `path`; an empty file is an empty one. Raises BadConfig, which says `hint`."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadConfig("bad-config", f"{path}: larger than {MAX_BYTES} bytes", "it should hold a few lines")
        plain = yaml.safe_load(path.read_text("utf-8"))
        _refuse_surrogates(plain, set())
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError, ValueError) as error:
        raise BadConfig("bad-config", f"{path}: {' '.join(str(error).split())}", hint) from error
    return {} if plain is None else mapping(plain, path, "the file", hint)


def _refuse_surrogates(value: Any, seen: set[int]) -> None:
    """Raises UnicodeEncodeError for a text that is none, such as ``"\\ud800"``; each value is looked at once."""
    if isinstance(value, str):
        value.encode("utf-8")
    elif isinstance(value, dict | list) and id(value) not in seen:
        seen.add(id(value))
        for item in (*value, *value.values()) if isinstance(value, dict) else value:
            _refuse_surrogates(item, seen)


def mapping(value: Any, path: Path, what: str, hint: str) -> dict[str, Any]:
    """`value`, which stands in the file at `path` as `what`, when it is a mapping. Raises BadConfig otherwise."""
    if not isinstance(value, dict):
        raise BadConfig("bad-config", f"{path}: {what} should be a mapping of keys to values", hint)
    return value
