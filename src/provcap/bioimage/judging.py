"""Whether an image is as a workflow needs it: a Dependence held against an Acquisition."""

from __future__ import annotations

import fnmatch
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from provcap.bioimage.declared import limit_text, need_text
from provcap.bioimage.facts import number
from provcap.model import Acquisition, Channel, Dependence, Judgement

_WORST: Final = ("violated", "unknown", "met")
_NEAR: Final = 1e-6  #: relative; so far beyond a limit is on it: files have such numbers as 0.32500000000000001
SILENT: Final = "the file does not say"
_OF_LENS: Final = ("magnification", "numerical_aperture", "immersion")
_OF_FILE: Final = {"image_format": "format"}  #: the rest is called alike


@dataclass(frozen=True, slots=True)
class Held:
    """A value that an image has, or why it is not known."""

    value: float | str | None
    about: str | None = None
    origin: str | None = None
    why: str = SILENT
    at_most: bool = False  #: the value itself is not known, only that it is no higher
    absent: bool = False  #: there is nothing that could have a value


def judge(need: Dependence, path: str, found: Acquisition | None, why: str | None = None) -> Judgement:
    """Whether the image at `path` is as needed; `why` says why nothing is known of it when `found` is None.

    Of several values (X and Y, channels) the worst decides.
    """
    if found is None:
        return Judgement(path, "unknown", why=why or "its file was not read")
    every = [(_verdict(need, held), held) for held in _held(need, found)]
    verdict, held = min(every, key=lambda pair: _WORST.index(pair[0]))
    known = verdict != "unknown" and not held.absent
    return Judgement(
        path,
        verdict,  # type: ignore[arg-type]  # one of _WORST
        value=held.value if known else None,
        about=held.about,
        origin=held.origin if known else None,
        why=None if known else held.why,
        file=found.file or None,
    )


def _verdict(need: Dependence, held: Held) -> str:
    if held.value is None:
        return "violated" if held.absent else "unknown"
    if isinstance(held.value, str):
        return "met" if any(likes(held.value, pattern) for pattern in need.allowed) else "violated"
    least, most, value = need.minimum, need.maximum, float(held.value)
    if held.at_most:
        return "violated" if least is not None and value < least else "unknown"
    above = least is None or value >= least or math.isclose(value, least, rel_tol=_NEAR)
    below = most is None or value <= most or math.isclose(value, most, rel_tol=_NEAR)
    return "met" if above and below else "violated"


def likes(text: str, pattern: str) -> bool:
    """Whether `pattern` (``*`` and ``?``; capitals count as small letters) means `text`."""
    plain = " ".join(pattern.split()).replace("[", "[[]")
    return fnmatch.fnmatchcase(" ".join(text.split()).casefold(), plain.casefold())


def _held(need: Dependence, found: Acquisition) -> list[Held]:
    name = need.name
    if need.channel is not None:
        return list(_of_channels(need, found))
    if name == "pixel_size_um":
        return [_pixel_size(axis, found) for axis in "xy"]
    if name.startswith("pixel_size_"):
        return [_pixel_size(name[len("pixel_size_")], found)]
    if name == "significant_bits":
        return [_bits(found)]
    if name == "number_of_channels":
        return [_channels(found)]
    if name == "saturated_fraction":
        return list(_saturated(found))
    if name == "objective":
        return [Held(found.objective.name if found.objective else None, origin=found.origin.get("objective"))]
    if name in _OF_LENS:
        value = getattr(found.objective, name) if found.objective else None
        return [Held(value, origin=found.origin.get("objective"))]
    field = _OF_FILE.get(name, name)
    return [Held(getattr(found, field), origin=found.origin.get(field))]


def _pixel_size(axis: str, found: Acquisition) -> Held:
    field = f"pixel_size_{axis}_um"
    return Held(getattr(found, field), axis.upper(), found.origin.get(field))


def _bits(found: Acquisition) -> Held:
    """Where the file does not say how many bits are significant, they are no more than its data type has."""
    if found.significant_bits is not None:
        return Held(found.significant_bits, origin=found.origin.get("significant_bits"))
    size = re.fullmatch(r"u?int(\d+)", found.data_type or "")
    if size is None:
        return Held(None)
    why = f"the file does not say; its data type has {size[1]}"
    return Held(int(size[1]), origin=f"{found.origin.get('data_type', 'file')}, data type", why=why, at_most=True)


def _channels(found: Acquisition) -> Held:
    axes = found.axes or ""
    if "C" in axes:
        return Held(dict(zip(axes, found.shape, strict=False)).get("C"), origin=found.origin.get("axes"))
    if len(found.channels) == 1:  # several without an axis of channels: those of a set of files, or colours
        return Held(1, origin=found.origin.get("channels"))
    if found.channels:
        return Held(None, why=f"it has no axis of channels and describes {len(found.channels)}")
    if not axes or set(axes) & {"Q", "S"}:  # samples may be colours or channels, the file does not say
        return Held(None)
    return Held(1, origin=found.origin.get("axes"))


def _saturated(found: Acquisition) -> Iterator[Held]:
    """Of each channel, where it was measured of each."""
    values, origin = found.intensities, found.origin.get("intensities")
    if values is None:
        yield Held(None, why=next((n for n in found.notes if n.startswith("intensities were not")), "not measured"))
    elif values.at_highest is None or values.highest is None:
        yield Held(None, why="no highest value of its range is known")
    elif values.saturated:
        for n, fraction in enumerate(values.saturated, 1):
            yield Held(fraction, f"values of channel {n} at {number(values.highest)}", origin)
    elif "S" in (found.axes or ""):
        yield Held(None, why="which of its samples are colours is not known")
    elif "Q" in (found.axes or ""):
        yield Held(None, why="it has an axis of which it does not say what it is: channels maybe")
    elif _channels(found).value != 1 and "C" in (found.axes or ""):
        yield Held(None, why="it was measured of all channels together only")
    else:
        yield Held(values.at_highest, f"values at {number(values.highest)}", origin)


def _of_channels(need: Dependence, found: Acquisition) -> Iterator[Held]:
    """Of each channel that is meant."""
    origin = found.origin.get("channels")
    if not found.channels:
        yield Held(None, why="the file describes no channels")
        return
    meant = [(n, channel) for n, channel in enumerate(found.channels, 1) if _is_meant(need.channel, n, channel)]
    for n, channel in meant:
        name = f" ({channel.name})" if channel.name else ""
        yield Held(getattr(channel, need.name), f"channel {n}{name}", origin, _unsaid(need.name, n, found))
    number = _channels(found).value
    if need.channel == "*" and isinstance(number, int) and number > len(found.channels):
        yield Held(None, why=f"{len(found.channels)} of {number} channels are described")
    if not meant:
        told = ", ".join(channel.name or "one without a name" for channel in found.channels[:8])
        yield Held(None, why=f"no such channel is described; there are {told}", absent=_is_absent(need, found))


def _unsaid(name: str, channel: int, found: Acquisition) -> str:
    """Why a value of the channel is not known: an exposure may be another one in each plane, which a note says."""
    said = f"the exposure of channel {channel} differs"
    differing = (note for note in found.notes if name == "exposure_s" and note.startswith(said))
    return next(differing, SILENT)


def _is_absent(need: Dependence, found: Acquisition) -> bool:
    """Whether the image cannot have the channel: it describes as many as it has, and none of them is the one."""
    number = _channels(found).value
    described = number == len(found.channels)
    named = all(channel.name for channel in found.channels)
    return described and (named or isinstance(need.channel, int))


def _is_meant(wanted: int | str | None, n: int, channel: Channel) -> bool:
    if isinstance(wanted, int):
        return n == wanted
    return wanted == "*" or bool(channel.name and likes(channel.name, str(wanted)))


def found_text(need: Dependence, judgement: Judgement, with_origin: bool = True) -> str:
    """What was found, and where in the file, in words that follow on the name of the value."""
    about = f"({judgement.about}) " if judgement.about else ""
    unit = f" {need.unit}" if need.unit else ""
    if judgement.value is None:
        state = "not known" if judgement.verdict == "unknown" else "not there"
        found = f"is {state}: {judgement.why or SILENT}"
    else:
        value = judgement.value if isinstance(judgement.value, str) else number(judgement.value) + unit
        found = f"is {value}"
    where = f" [{judgement.origin}]" if judgement.origin and with_origin else ""
    return f"{about}{found}{where}"


def verdicts(needs: Iterable[Dependence]) -> Counter[str]:
    """How many values are met, violated and unknown; of a need that means no image one is unknown."""
    return Counter(verdict for need in needs for verdict in [j.verdict for j in need.judgements] or ["unknown"])


def unmatched(need: Dependence) -> str:
    """That no image is meant, in words."""
    steps = f" by {', '.join(need.steps)}" if need.steps else ""
    return f"{', '.join(need.images)}; needed{steps}: {need_text(need)} {limit_text(need)}. {need.because}"


def sentence(need: Dependence, judgement: Judgement) -> str:
    """What was found, and what is needed by whom and why, in words."""
    steps = f" by {', '.join(need.steps)}" if need.steps else ""
    found = found_text(need, judgement)
    return f"{need_text(need)} {found}; needed{steps}: {limit_text(need)}. {need.because}"
