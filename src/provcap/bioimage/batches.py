"""Whether the images that a run began with were taken alike: settings that differ, and measures that stand apart.

Both are Gaps: what such images differ in may be the specimen or the acquisition, and nothing here tells which. What a
file does not say differs from nothing, and a day of acquisition is no setting. Channels are matched by their names.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from provcap.bioimage.facts import lens_text, number
from provcap.bioimage.qualities import sources
from provcap.matching import files_of
from provcap.model import Acquisition, Gap, ImageData, Quality, QualityMeasure, Run, Study

FEWEST: Final = 5  #: images of which one can stand apart
FAR: Final = 3.5  #: the modified z-score beyond which one does
ALIKE: Final = 1e-3  #: numbers are the same setting when they differ by less than this part
_LEAST: Final = {"saturated_fraction": 1e-3}  #: by which a value must differ from the median; of others a hundredth
_FILES, _GROUPS = 3, 6  #: files of a group, and groups, that a message names
_SETTINGS: Final = (
    ("fluorophore", "fluorophore", ""),
    ("excitation", "excitation_nm", "nm"),
    ("emission", "emission_nm", "nm"),
    ("exposure", "exposure_s", "s"),
    ("detector", "detector", ""),
    ("light source", "light_source", ""),
    ("illumination", "illumination", ""),
    ("contrast", "contrast", ""),
    ("acquisition mode", "mode", ""),
    ("binning", "binning", ""),
)
Values = dict[str, Any]  #: by the path of the image


def compared(run: Run) -> Run:
    """`run` with a Gap for each setting that differs between its images and for each image that stands apart; as it is
    when it has them already."""
    names = {digest: artifact.path for digest, artifact in sources(run).items()}
    new = [*_differing(run, names), *_outliers(run, names)]
    if set(new) <= set(run.gaps):
        return run
    every = sorted({*run.gaps, *new}, key=lambda gap: (gap.subject, gap.slug, gap.message))
    return replace(run, gaps=tuple(every))


def _differing(run: Run, names: dict[str, str]) -> Iterator[Gap]:
    told = {names[a.file]: a for a in run.acquisitions if a.file in names and _says_something(a)}
    samples = _samples(run)
    for setting, unit, values in _settings(told):
        groups = _groups(values)
        if len(groups) > 1:
            shown = "; ".join(f"{_value(value, unit)} ({_few(files)})" for value, files in groups[:_GROUPS])
            more = f"; and {len(groups) - _GROUPS} more values" if len(groups) > _GROUPS else ""
            words = f"the {setting} differs between images, and so may what is found in them: {shown}{more}"
            yield Gap("acquisition-differs", "run", words + _confounded(groups, samples))


def _samples(run: Run) -> dict[str, set[str]]:
    """For the path of an image the biosamples that the study names for it."""
    found: dict[str, set[str]] = {}
    if run.study is None:
        return found
    for data in run.study.image_data:
        names = _biosamples(run.study, data)
        for artifact in files_of(run, data.files):
            found.setdefault(artifact.path, set()).update(names)
    return found


def _biosamples(study: Study, data: ImageData) -> set[str]:
    """Those that the row of the sheet names, or else those of its specimens, which its acquisitions may name."""
    ways = [way for way in study.acquisitions if way.id in data.acquisitions]
    specimens = data.specimens or [name for way in ways for name in way.specimens]
    prepared = [one for one in study.specimens if one.id in specimens]
    return set(data.biosamples) or {name for one in prepared for name in one.biosamples}


def _confounded(groups: list[tuple[Any, list[str]]], samples: dict[str, set[str]]) -> str:
    """What to say when each sample has one value of the setting, and not all the same: one varies with the other."""
    values: dict[str, set[int]] = {}
    for place, (_, files) in enumerate(groups):
        for name in set().union(*(samples.get(path, set()) for path in files)):
            values.setdefault(name, set()).add(place)
    if len(set().union(*values.values())) < 2 or any(len(places) > 1 for places in values.values()):
        return ""
    names = ", ".join(sorted(values)[:_GROUPS])
    return f". Within none of {names} does it vary: what it does to the images and what they are cannot be told apart"


def _says_something(found: Acquisition) -> bool:
    """Whether the file tells of an acquisition at all: a mask has its own data type and no microscope."""
    return bool(found.microscope or found.objective or found.acquired or found.pixel_size_x_um) or any(
        getattr(channel, field) for channel in found.channels for _, field, _ in _SETTINGS
    )


def _settings(told: dict[str, Acquisition]) -> Iterator[tuple[str, str, Values]]:
    yield "microscope", "", {path: a.microscope for path, a in told.items()}
    yield "objective", "", {path: lens_text(a) for path, a in told.items()}
    for axis in "xyz":
        sizes = {path: getattr(a, f"pixel_size_{axis}_um") for path, a in told.items()}
        yield f"pixel size along {axis.upper()}", "µm", sizes
    yield "time step", "s", {path: a.time_increment_s for path, a in told.items()}
    yield "data type", "", {path: a.data_type for path, a in told.items()}
    yield "number of significant bits", "", {path: a.significant_bits for path, a in told.items()}
    channels = {path: _channels(a) for path, a in told.items()}
    for name in sorted({name for found in channels.values() for name in found}):
        for setting, field, unit in _SETTINGS:
            words = f"{setting} of channel {name}" if name else setting
            yield words, unit, {p: getattr(found[name], field) for p, found in channels.items() if name in found}


def _channels(found: Acquisition) -> dict[str, Any]:
    """Its channels by name; an only one without a name has the empty one. A name that stands twice tells none apart."""
    if len(found.channels) == 1:
        return {found.channels[0].name or "": found.channels[0]}
    named = [channel.name for channel in found.channels if channel.name]
    return {c.name: c for c in found.channels if c.name and named.count(c.name) == 1}


def _groups(values: Values) -> list[tuple[Any, list[str]]]:
    """The values that are known, each with its files, the most frequent first; numbers that are nearly the same are."""
    groups: list[tuple[Any, list[str]]] = []
    for path, value in sorted(values.items(), key=lambda pair: (str(type(pair[1])), pair[1] or 0, pair[0])):
        if value is None:
            continue
        if groups and _same(groups[-1][0], value):
            groups[-1][1].append(path)
        else:
            groups.append((value, [path]))
    return sorted(groups, key=lambda group: (-len(group[1]), group[1]))


def _same(first: Any, second: Any) -> bool:
    if isinstance(first, float) and isinstance(second, float):
        return abs(first - second) <= ALIKE * max(abs(first), abs(second))
    return bool(first == second)


def _value(value: Any, unit: str) -> str:
    text = number(value) if isinstance(value, float) else str(value)
    return f"{text} {unit}" if unit else text


def _few(files: list[str]) -> str:
    more = f" and {len(files) - _FILES} more" if len(files) > _FILES else ""
    return ", ".join(files[:_FILES]) + more


def _outliers(run: Run, names: dict[str, str]) -> Iterator[Gap]:
    rows: dict[tuple[str, ...], dict[str, float]] = {}
    for quality in run.qualities:
        for measure in quality.measures if quality.file in names else ():
            rows.setdefault(_comparable(quality, measure), {})[names[quality.file]] = measure.value
    for (name, channel, unit, _), values in rows.items():
        centre = statistics.median(values.values())
        of = f"{name} of channel {channel}" if channel else name
        for path in apart(values, _LEAST.get(name, abs(centre) / 100)):
            others = [value for other, value in values.items() if other != path]
            unit = "" if unit == "1" else unit
            said = f"{of} is {_value(values[path], unit)}, where {len(others)} other images have "
            said += f"{number(min(others))} to {_value(max(others), unit)}"
            yield Gap("quality-outlier", f"file:{path}", said)


def _comparable(quality: Quality, measure: QualityMeasure) -> tuple[str, ...]:
    """What measures have in common whose values can be held against each other."""
    channel = measure.channel_name or (f"{measure.channel}" if measure.channel not in (None, 1) else "")
    return measure.name, channel, measure.unit, quality.data_type or ""


def apart(values: dict[str, float], least: float) -> Iterable[str]:
    """The names of those of at least `FEWEST` values whose modified z-score is beyond `FAR`, and which differ from the
    median by more than `least`.

    0.6745 (x - median) / MAD, Iglewicz and Hoaglin 1993, How to Detect and Handle Outliers (ISBN 978-0-87389-247-6);
    where half of the values are the same, so that MAD is 0, (x - median) / (1.253314 mean absolute deviation).
    """
    if len(values) < FEWEST:
        return []
    centre = statistics.median(values.values())
    away = {name: value - centre for name, value in values.items()}
    spread = statistics.median(map(abs, away.values())) / 0.6745
    spread = spread or 1.253314 * statistics.fmean(map(abs, away.values()))
    return sorted(n for n, d in away.items() if spread > 0 and abs(d) > FAR * spread and abs(d) > least)
