"""``acquisition.yaml``: which values of the acquisition the steps of a workflow depend on.

A commented example lies in ``config/acquisition.yaml`` of provcap, its JSON Schema (2020-12) in
``acquisition.schema.json``; docs/formats.md says what each key means.
"""

from __future__ import annotations

import difflib
import functools
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Final

from provcap.bioimage import patterns, placed
from provcap.config import ACQUISITION, MAX_BYTES
from provcap.errors import BadConfig
from provcap.model import Dependence

HINT: Final = "docs/formats.md says what may stand there"
MOST: Final = 1000  #: values that one file can ask for
UNITS: Final = {
    **dict.fromkeys(("pixel_size_um", "pixel_size_x_um", "pixel_size_y_um", "pixel_size_z_um"), "µm"),
    **dict.fromkeys(("time_increment_s", "exposure_s"), "s"),
    **dict.fromkeys(("excitation_nm", "emission_nm"), "nm"),
}
_ABOUT: Final = {"images", "steps", "because", "violated", "unknown", "channels", "number", "name"}


def places(workdir: Path, snakefile: Path | None) -> list[Path]:
    """Where the file is looked for, the one that counts first: the people of the run before those of the workflow."""
    found = [workdir / ACQUISITION, workdir / "config" / ACQUISITION]
    if snakefile is not None:
        base = snakefile.parent
        root = base.parent if base.name == "workflow" else base
        found += [root / "config" / ACQUISITION, base / "config" / ACQUISITION]
    return list(dict.fromkeys(found))


def load(path: Path) -> tuple[Dependence, ...]:
    """What the file at `path` says. Raises BadConfig with the file, the line and the key in its message."""
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadConfig("bad-dependence", f"{path} cannot be read: {error.strerror}", HINT) from error
    return parse(content, str(path))


def parse(content: bytes, name: str) -> tuple[Dependence, ...]:
    """What the file `name` with this `content` says. Raises BadConfig."""
    try:
        if len(content) > MAX_BYTES:
            raise placed.Misplaced(1, f"the file is larger than {MAX_BYTES} bytes")
        plain, lines = placed.read(content.decode("utf-8"))
        _validate(plain, lines)
        found = tuple(_dependences(plain["depends"], lines, name))
        if len(found) > MOST:
            raise placed.Misplaced(1, f"it asks for {len(found)} values, and {MOST} are the most")
        return found
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadConfig("bad-dependence", f"{name}, line {line}: this is no UTF-8", HINT) from None
    except placed.Misplaced as error:
        raise BadConfig("bad-dependence", f"{name}, line {error.line}: {error}", HINT) from None


@functools.cache
def schema() -> dict[str, Any]:
    """The JSON Schema of the file."""
    text = (resources.files("provcap.bioimage") / "acquisition.schema.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def _validate(plain: Any, lines: Mapping[placed.Place, int]) -> None:
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

    for error in Draft202012Validator(schema()).iter_errors(plain):
        place, told = _told(error, tuple(error.absolute_path))
        while place and place not in lines:
            place = place[:-1]
        raise placed.Misplaced(lines.get(place, 1), told)


def _told(error: Any, place: placed.Place) -> tuple[placed.Place, str]:
    """The place of a schema's error, and what is wrong there in words."""
    where = _where(place)
    if error.validator == "additionalProperties":
        known = error.schema["properties"]
        odd = next(key for key in error.instance if key not in known)
        near = difflib.get_close_matches(odd[:60], list(known), 1)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
        return (*place, odd), f"{where}unknown key {odd[:60]!r}; {hint}"
    if error.validator == "required":
        absent = next(key for key in error.validator_value if key not in error.instance)
        return place, f"{where}{absent} is missing"
    if error.validator == "not":
        return place, f"{where}number and name stand for the same: one of them is enough"
    wanted = error.schema.get("description", error.message)
    return place, f"{where or 'the file: '}should be {' '.join(str(wanted).split())[:200]}"


def _where(place: placed.Place) -> str:
    words = [f"{part + 1}" if isinstance(part, int) else str(part) for part in place]
    return f"{' '.join(words)}: " if words else ""


def _dependences(
    entries: Sequence[Mapping[str, Any]], lines: Mapping[placed.Place, int], source: str
) -> Iterator[Dependence]:
    for number, entry in enumerate(entries):
        place: placed.Place = ("depends", number)
        for n, pattern in enumerate(_listed(entry["images"])):
            if why := patterns.problem(pattern):
                raise placed.Misplaced(lines.get((*place, "images", n), lines[*place, "images"]), f"images: {why}")
        shared = {
            "images": _listed(entry["images"]),
            "because": " ".join(entry["because"].split()),
            "source": source,
            "steps": _listed(entry.get("steps", [])),
            "if_violated": entry.get("violated", "error"),
            "if_unknown": entry.get("unknown", "gap"),
        }
        found = list(_values(entry, place, lines, shared, None))
        for n, channel in enumerate(entry.get("channels", ())):
            which = channel.get("number", channel.get("name", "*"))
            more = list(_values(channel, (*place, "channels", n), lines, shared, which))
            if not more:
                raise placed.Misplaced(lines[*place, "channels", n], "channels: it names a channel and no value of it")
            found += more
        if not found:
            raise placed.Misplaced(lines[place], f"depends {number + 1}: it names no value that is needed")
        yield from found


def _values(
    entry: Mapping[str, Any],
    place: placed.Place,
    lines: Mapping[placed.Place, int],
    shared: Mapping[str, Any],
    channel: int | str | None,
) -> Iterator[Dependence]:
    properties = schema()["$defs"]["entry" if channel is None else "channel"]["properties"]
    for name, wanted in entry.items():
        if name in _ABOUT:
            continue
        line = lines[*place, name]
        limits: dict[str, Any]
        if properties[name]["$ref"].endswith("range"):
            limits = _range(name, wanted, line)
        else:
            limits = {"allowed": _listed(wanted)}
        yield Dependence(name=name, line=line, channel=channel, unit=UNITS.get(name), **limits, **shared)


def _range(name: str, wanted: Any, line: int) -> dict[str, float | None]:
    """The limits, both inclusive. YAML 1.1 takes ``1e-6`` for text: it is a number here all the same."""
    ends = wanted if isinstance(wanted, dict) else {"min": wanted, "max": wanted}
    limits = {}
    for end, value in ends.items():
        try:
            limits[end] = float(value)
        except OverflowError:
            limits[end] = math.inf
        if not math.isfinite(limits[end]):
            raise placed.Misplaced(line, f"{name}: {end} should be a finite number")
    least, most = limits.get("min"), limits.get("max")
    if least is not None and most is not None and least > most:
        raise placed.Misplaced(line, f"{name}: min {least:g} is above max {most:g}")
    if name == "saturated_fraction" and max(limits.values()) > 1:
        raise placed.Misplaced(line, f"{name}: it is a fraction, from 0 to 1")
    return {"minimum": least, "maximum": most}


def _listed(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def limit_text(need: Dependence) -> str:
    """The limits in words: "0.2 to 0.4 µm", "at most 0.01", "Oil or Water"."""
    unit = f" {need.unit}" if need.unit else ""
    least, most = (None if end is None else f"{end:.6g}" for end in (need.minimum, need.maximum))
    if need.allowed:
        return " or ".join(need.allowed)
    if least == most:
        return f"{least}{unit}"
    if least is None:
        return f"at most {most}{unit}"
    return f"at least {least}{unit}" if most is None else f"{least} to {most}{unit}"


def need_text(need: Dependence) -> str:
    """What is limited, in words: "pixel size", "emission of channel DAPI"."""
    words = re.sub("_(um|nm|s)$", "", need.name)
    words = re.sub("^pixel_size_([xyz])$", lambda found: f"pixel_size_{found[1].upper()}", words).replace("_", " ")
    if need.channel is None:
        return words
    return f"{words} of each channel" if need.channel == "*" else f"{words} of channel {need.channel}"
