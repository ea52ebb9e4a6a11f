"""The small YAML files in which people say things, in the work directory or in its ``config/``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

from provcap.errors import BadConfig

MAX_BYTES: Final = 1 << 20
ACQUISITION: Final = "acquisition.yaml"  #: what a workflow needs of its images


class Strict(yaml.SafeLoader):
    """A key that is there twice is a mistake: YAML would take the last, and nobody would see the other."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if key.tag != "tag:yaml.org,2002:merge" and isinstance(key.value, str):
                if key.value in seen:
                    said = f"the key {key.value!r} is there twice"
                    raise yaml.constructor.ConstructorError(None, None, said, key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def find(workdir: Path, name: str) -> Path | None:
    """The file `name` in `workdir` or in its ``config/``; None when there is none."""
    return next((path for path in (workdir / name, workdir / "config" / name) if path.is_file()), None)


def read(path: Path, hint: str) -> dict[str, Any]:
    """The mapping in the file at `path`; an empty file is an empty one. Raises BadConfig, which says `hint`."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadConfig("bad-config", f"{path}: larger than {MAX_BYTES} bytes", "it should hold a few lines")
        plain = parse(path.read_text("utf-8"))
        _refuse_surrogates(plain, set())
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError, ValueError) as error:
        raise BadConfig("bad-config", f"{path}: {problem(error)}", hint) from error
    return {} if plain is None else mapping(plain, path, "the file", hint)


def parse(text: str) -> Any:
    """The plain values in the YAML `text`. Raises yaml.YAMLError, also for a key that is there twice, RecursionError,
    and ValueError for a date that is none."""
    return yaml.load(text, Strict)  # noqa: S506 (a SafeLoader)


def problem(error: Exception) -> str:
    """What is wrong and in which line; without a piece of the file, in which a secret may stand."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem and error.problem_mark:
        said = f"{error.context}, {error.problem}" if error.context else error.problem
        return f"line {error.problem_mark.line + 1}: {' '.join(said.split())}"
    return " ".join(str(error).split())


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
