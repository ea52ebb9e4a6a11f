"""What is known of a run already → values of the template. The rest stays empty for a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Final

from provcap.bioimage.facts import channel_text, lens_text, pixel_text, size_text
from provcap.matching import files_of
from provcap.model import Acquisition, Artifact, Run
from provcap.questions import external_inputs, final_outputs, outputs, producers
from provcap.rembi.entries import LONGEST

Lines = dict[str, list[dict[str, str]]]  #: by key of the module, texts by attribute
NAMED: Final = 20  #: files that are named one by one; more are told as patterns
ENTRIES: Final = 50  #: ways of acquisition
_IMAGES: Final = frozenset(".tif .tiff .png .jpg .jpeg .czi .nd2 .lif .lsm .dv .oif .oib .vsi .ims .zarr .svs".split())


def prefilled(run: Run, methods: str) -> Lines:
    """`run` is one whose images were looked at; `methods` is its methods text, which begins with the analysis."""
    groups = _groups(run)
    names = (
        [f"images {number}" for number in range(1, len(groups) + 1)] if len(groups) > 1 else ["images"] * len(groups)
    )
    ways = {name: _way(name, found[0]) for name, (found, _) in zip(names, groups, strict=True) if found}
    about = run.about
    study = {
        "title": about.title or "",
        "description": about.description or "",
        "keywords": "; ".join(about.keywords),
        "license": about.license or "",
    }
    made = _patterns(run, (artifact.path for artifact in final_outputs(run)))
    method = methods.partition("\n\n")[0].replace("`", "").strip()
    analysis = {"id": "analysis", "images": "; ".join(names), "method": method, "files": made}
    return {
        "study": [study],
        "authors": [
            {
                "name": person.name,
                "orcid": person.id or "",
                "affiliation": person.affiliation.name if person.affiliation else "",
                "ror": (person.affiliation.id or "") if person.affiliation else "",
            }
            for person in about.authors
        ],
        "acquisitions": [way for way in ways.values() if way],
        "image_data": [
            _data(name, found, _patterns(run, paths), bool(ways.get(name)))
            for name, (found, paths) in zip(names, groups, strict=True)
        ],
        "analyses": [analysis],
    }


def _groups(run: Run) -> list[tuple[list[Acquisition], list[str]]]:
    """Images at the beginning that say the same of their acquisition, with their paths."""
    known = {found.file: found for found in run.acquisitions}
    groups: dict[object, tuple[list[Acquisition], list[str]]] = {}
    for artifact in _first_images(run):
        found = known.get(artifact.digest or "")
        key = (found.microscope, lens_text(found), pixel_text(found), found.channels) if found else None
        acquisitions, paths = groups.setdefault(key, ([], []))
        paths.append(artifact.path)
        acquisitions += [found] if found else []
    return list(groups.values())[:ENTRIES]


def _first_images(run: Run) -> Iterator[Artifact]:
    """Those that the run read and did not make, or that a job made without an image: it fetched them."""
    yield from filter(_is_image, external_inputs(run))
    makers = producers(run)
    for artifact in filter(_is_image, outputs(run)):
        if not any(map(_is_image, makers[artifact.path].read)):
            yield artifact


def _is_image(artifact: Artifact) -> bool:
    return PurePosixPath(artifact.path).suffix.lower() in _IMAGES


def _way(name: str, found: Acquisition) -> dict[str, str]:
    """What the files say of the instrument and its settings; empty when they say nothing."""
    instrument = ", ".join(filter(None, [found.microscope, lens_text(found)]))
    settings = [channel_text(channel) for channel in found.channels]
    settings += [f"pixel size {size}"] if (size := pixel_text(found)) else []
    settings += [f"every {found.time_increment_s:.6g} s"] if found.time_increment_s else []
    if not instrument and not any(channel.excitation_nm or channel.exposure_s for channel in found.channels):
        return {}
    return {"id": f"acquisition of {name}", "instrument": instrument, "parameters": "; ".join(settings)}


def _data(name: str, found: Sequence[Acquisition], files: str, acquired: bool) -> dict[str, str]:
    sizes = dict.fromkeys(size_text(one) for one in found)
    return {
        "id": name,
        "files": files,
        "acquisitions": f"acquisition of {name}" if acquired else "",
        "dimensions": next(iter(sizes)) if len(sizes) == 1 else "",
        "pixel_size": (pixel_text(found[0]) or "") if found else "",
        "channels": ", ".join(channel.name for channel in found[0].channels if channel.name) if found else "",
    }


def _patterns(run: Run, paths: Iterable[str]) -> str:
    """The paths; when they are many, patterns where these mean no other file of it; empty when a cell is too small.

    A ; in a name would separate two.
    """
    known = list(dict.fromkeys(paths))
    for shape in (_folder, _top) if len(known) > NAMED else ():
        meant: dict[str, list[str]] = {}
        for path in known:
            meant.setdefault(shape(PurePosixPath(path)).replace(";", "?"), []).append(path)
        if len(meant) <= NAMED:
            own = frozenset(known)
            known = [
                text for pattern, of in meant.items() for text in ([pattern] if _means(run, pattern, own, of) else of)
            ]
            break
    told = "; ".join(text.replace(";", "?") for text in known)
    return told if len(told) <= LONGEST else ""


def _means(run: Run, pattern: str, own: frozenset[str], wanted: Sequence[str]) -> bool:
    """Whether `pattern` means all of `wanted`, and nothing but `own`."""
    found = {artifact.path for artifact in files_of(run, [pattern])}
    return found <= own and found.issuperset(wanted)


def _folder(path: PurePosixPath) -> str:
    return str(path.with_name(f"*{path.suffix}"))


def _top(path: PurePosixPath) -> str:
    return f"{path.parts[0]}/**"
