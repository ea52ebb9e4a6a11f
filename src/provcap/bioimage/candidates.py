"""Parameters of a run that equal a value of the acquisition of an image that it read: candidates for a dependence.

They may agree by chance, so they are offered and never recorded. Whole numbers are left out, as everything equals some
1 or 2, and so is what has a single significant digit.
"""

from __future__ import annotations

import contextlib
import glob
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any, Final

import yaml

from provcap import store
from provcap.bioimage.declared import UNITS
from provcap.config import MAX_BYTES
from provcap.model import JSON, Acquisition, Run
from provcap.questions import external_inputs

MOST: Final = 200  #: candidates
_NODES, _DEEP = 10_000, 20  #: values of one parameter that are looked at; levels
_NAMED: Final = 5  #: images of a folder that are named one by one
_NUMBER: Final = re.compile(r"[0-9]{0,12}\.[0-9]{1,17}([eE][+-]?[0-9]{1,2})?")
_SMALLER: Final = {"µm": "nm", "s": "ms"}  #: by 1000


@dataclass(frozen=True, slots=True)
class Candidate:
    """A parameter, and the value that it equals."""

    parameter: str  #: "params.pixel_size of measure", "pixel_size in config/config.yaml"
    given: str  #: the number as it was given
    name: str  #: a key of ``acquisition.yaml``
    channel: int | None
    value: float  #: of the images, in the unit of the name
    matched: str  #: how they agree
    origin: str  #: where in the file the value stands
    images: tuple[str, ...]  #: patterns of the paths of the images that have the value
    steps: tuple[str, ...]
    minimum: float  #: what rounds to the number
    maximum: float


def candidates(run: Run, files: Path | None) -> tuple[Candidate, ...]:
    """Those of `run`, whose acquisitions are known; its configuration is looked through when its copies are below
    `files`. More digits first."""
    known = {acquisition.file: acquisition for acquisition in run.acquisitions}
    read = {a.path: known[a.digest] for a in external_inputs(run) if a.digest in known}
    values: dict[tuple[str, int | None, float], list[str]] = {}
    origins: dict[tuple[str, int | None, float], str] = {}
    for path, acquisition in read.items():
        for name, channel, value, origin in _values(acquisition):
            values.setdefault((name, channel, value), []).append(path)
            origins.setdefault((name, channel, value), origin)
    found: dict[tuple[str, Decimal], list[str]] = {}
    for parameter, given, rule in (*_params(run), *_config(run, files)):
        steps = found.setdefault((parameter, given), [])
        if rule and rule not in steps:
            steps.append(rule)
    made = [
        Candidate(parameter, f"{given.normalize():f}", *key, matched, origins[key], _patterns(paths, list(read)),
                  tuple(steps), *ends)
        for (parameter, given), steps in found.items()
        for key, paths in values.items()
        if (agreed := _agreed(given, key[2], UNITS.get(key[0]))) is not None
        for matched, ends in (agreed,)
    ]  # fmt: skip
    made.sort(key=lambda one: (-len(Decimal(one.given).as_tuple().digits), one.parameter, one.name, one.channel or 0))
    return tuple(made[:MOST])


def _values(found: Acquisition) -> Iterator[tuple[str, int | None, float, str]]:
    lens = found.objective
    told: list[tuple[str, int | None, float | None, str]] = [
        ("time_increment_s", None, found.time_increment_s, "time_increment_s"),
        ("pixel_size_z_um", None, found.pixel_size_z_um, "pixel_size_z_um"),
        ("magnification", None, lens.magnification if lens else None, "objective"),
        ("numerical_aperture", None, lens.numerical_aperture if lens else None, "objective"),
    ]
    if found.pixel_size_x_um == found.pixel_size_y_um:
        told.append(("pixel_size_um", None, found.pixel_size_x_um, "pixel_size_x_um"))
    else:
        told += [(f"pixel_size_{a}_um", None, getattr(found, f"pixel_size_{a}_um"), f"pixel_size_{a}_um") for a in "xy"]
    for number, channel in enumerate(found.channels, 1):
        for name in ("excitation_nm", "emission_nm", "exposure_s"):
            told.append((name, number, getattr(channel, name), "channels"))
    for name, which, value, field in told:
        if value is not None:
            yield name, which, value, found.origin.get(field, found.format)


def _params(run: Run) -> Iterator[tuple[str, Decimal, str]]:
    for job in run.jobs:
        for place, given in _numbers(job.params):
            yield f"params.{place} of {job.rule}", given, job.rule


def _config(run: Run, files: Path | None) -> Iterator[tuple[str, Decimal, str]]:
    for source in run.workflow.sources if files is not None else ():
        if source.role == "config" and source.size_bytes <= MAX_BYTES:
            said: JSON = None
            with contextlib.suppress(OSError, ValueError, RecursionError, yaml.YAMLError):
                said = yaml.safe_load(
                    store.source_path(files or Path(), source.kept or source.digest).read_text("utf-8")
                )
            for place, given in _numbers(said):
                yield f"{place} in {source.path}", given, ""


def _numbers(value: JSON) -> Iterator[tuple[str, Decimal]]:
    """Every number in `value` that says something, with the keys that lead to it."""
    left: list[tuple[str, Any, int]] = [("", value, 0)]
    for _ in range(_NODES):
        if not left:
            return
        place, item, depth = left.pop()
        inner = item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ()
        if depth < _DEEP:
            left += [(f"{place}.{key}".lstrip("."), one, depth + 1) for key, one in inner]
        number = _number(item)
        if number is not None:
            yield place, number


def _number(item: object) -> Decimal | None:
    """A number with a fraction and at least two significant digits, also when it is written as a text."""
    text = repr(item) if isinstance(item, float) else item.strip() if isinstance(item, str) else ""
    if not _NUMBER.fullmatch(text):
        return None
    number = Decimal(text).normalize()
    _, digits, exponent = number.as_tuple()
    return number if isinstance(exponent, int) and exponent < 0 and len(digits) > 1 else None


def _agreed(given: Decimal, value: float, unit: str | None) -> tuple[str, tuple[float, float]] | None:
    """How `given` and `value` agree, and between which values of the image it would."""
    exponent = given.as_tuple().exponent
    assert isinstance(exponent, int)
    half = Decimal((0, (5,), exponent - 1))
    for factor, in_unit in ((1, unit), (1000, _SMALLER.get(unit or ""))):
        if factor == 1 or in_unit:
            exact = Decimal(repr(float(value))) * factor
            if abs(exact - given) <= half:
                how = "exactly" if exact == given else f"to its {len(given.as_tuple().digits)} digits"
                ends = (float((given - half) / factor), float((given + half) / factor))
                return f"{how}{f', in {in_unit}' if factor != 1 else ''}", ends
    return None


def _patterns(paths: list[str], every: list[str]) -> tuple[str, ...]:
    """What means `paths`: all of a folder with one ending where they are all of them, else one by one."""
    found: list[str] = []
    for folder, ending in dict.fromkeys(map(_kind, paths)):
        mine = [path for path in paths if _kind(path) == (folder, ending)]
        alike = [path for path in every if _kind(path) == (folder, ending)]
        if len(mine) == len(alike) and (len(mine) > 1 or folder):
            found.append(_written(folder) + "*" + ending)
        else:
            found += [_written(path) for path in mine]
    return tuple(found)


def _kind(path: str) -> tuple[str, str]:
    name = PurePosixPath(path).name
    ending = re.search(r"((\.ome)?\.[^.]+)?$", name, re.IGNORECASE)
    return path[: len(path) - len(name)], ending[0] if ending else ""


def _written(path: str) -> str:
    """A pattern for `path`, of characters that a text can have."""
    return "".join(c if c.isprintable() else "?" for c in glob.escape(path))


def plain(one: Candidate) -> dict[str, Any]:
    """As JSON values."""
    return {**asdict(one), "unit": UNITS.get(one.name)}


def draft(found: tuple[Candidate, ...]) -> str:
    """An ``acquisition.yaml`` that asks for what was found."""
    entries = [_entry(one) for one in found]
    head = (
        "# A draft: parameters of a run that equal values of its images. Some may do so by chance: take those out.\n"
        "# Say in because what goes wrong otherwise, and widen the limits to what the step can bear.\n"
    )
    return head + yaml.safe_dump({"depends": entries}, sort_keys=False, allow_unicode=True, width=100)


def _entry(one: Candidate) -> dict[str, Any]:
    limits = {one.name: {"min": one.minimum, "max": one.maximum}}
    because = f"{one.parameter} = {one.given} is {matched_text(one)}"
    printable = "".join(c if c.isprintable() else "?" for c in because)[:900]
    return {
        "images": list(one.images),
        **({"steps": list(one.steps)} if one.steps else {}),
        **(limits if one.channel is None else {"channels": [{"number": one.channel, **limits}]}),
        "because": printable,
    }


def matched_text(one: Candidate) -> str:
    """What the parameter equals and how, in words."""
    where = f" of channel {one.channel}" if one.channel else ""
    value = f"{one.value:.9g} {UNITS.get(one.name, '')}".strip()
    return f"the {one.name}{where} of {', '.join(one.images[:_NAMED])}, {value} [{one.origin}], {one.matched}"
