"""What a study lacks of what the BioImage Archive requires, each by sheet and column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from provcap.deposit.bia import study
from provcap.deposit.bia.submission import used
from provcap.model import Run
from provcap.model.study import Annotations, Biosample, ImageAcquisition, ImageData, Specimen, Study
from provcap.rembi.modules import BY_KEY

_Row = Biosample | Specimen | ImageAcquisition | Annotations


def missing(run: Run, said: Study) -> list[str]:
    """A sentence for each; none when the archive's profile is satisfied."""
    return list(dict.fromkeys([*_study(run, said), *_dangling(said), *_rows(said)]))


def _place(key: str, attribute: str, name: str = "") -> str:
    module = BY_KEY[key]
    return f"{module.title}{f' {name!r}' if name else ''}, {module.field(attribute).name}"


def _lacking(key: str, row: object, name: str, attributes: Iterable[str]) -> Iterator[str]:
    for attribute in attributes:
        if not getattr(row, attribute):
            yield f"{_place(key, attribute, name)}: it is empty"


def _study(run: Run, said: Study) -> Iterator[str]:
    yield from _lacking("study", said, "", ("title", "description", "released"))
    if study.licence(run, said) is None:
        known = said.license or run.about.license
        what = f"{known!a} has no address" if known else "neither the sheet nor provcap.yaml names one"
        yield f"{_place('study', 'license')}: {what}; the archive takes CC0-1.0 and CC-BY-4.0"
    if not study.contributors(run, said):
        yield f"{_place('authors', 'name')}: neither the sheet nor provcap.yaml names an author"
    if not said.image_data and not said.annotations:
        yield f"{BY_KEY['image_data'].title}: it is empty, and so is {BY_KEY['annotations'].title}"


def _dangling(said: Study) -> Iterator[str]:
    """References to rows that are not there."""
    known = {key: {row.id for row in getattr(said, key)} for key in ("biosamples", "specimens", "acquisitions")}
    referring = (("specimens", ("biosamples",)), ("acquisitions", ("specimens",)), ("image_data", tuple(known)))
    for key, attributes in referring:
        for row in getattr(said, key):
            for attribute in attributes:
                for name in getattr(row, attribute):
                    if name not in known[attribute]:
                        yield f"{_place(key, attribute, row.id)}: the sheet {BY_KEY[attribute].title} has no {name!r}"


def _rows(said: Study) -> Iterator[str]:
    """What rows lack that components need."""
    for about in said.image_data:
        yield from _lacking("image_data", about, about.id, ("description",))
        if about.kind != "processed":
            yield from _unplaced(said, about)
        acquisitions, specimens = used(said, about)
        names = {*about.biosamples, *(name for specimen in specimens for name in specimen.biosamples)}
        rows: list[_Row] = [*acquisitions, *specimens, *(b for b in said.biosamples if b.id in names)]
        for row in rows:
            yield from _row(row)
    for analysis in said.analyses:
        yield from _lacking("analyses", analysis, analysis.id, ("method",))
    for correlation in said.correlations:
        yield from _lacking("correlations", correlation, correlation.id, ("alignment",))
    for labels in said.annotations:
        yield from _row(labels)


def _unplaced(said: Study, about: ImageData) -> Iterator[str]:
    """Where images came from that were taken by a microscope."""
    acquisitions, specimens = used(said, about)
    if not acquisitions:
        yield f"{_place('image_data', 'acquisitions', about.id)}: nothing says how these images were taken"
    if not specimens:
        yield f"{_place('image_data', 'specimens', about.id)}: nothing says of what these images are"
    if not about.biosamples and not any(specimen.biosamples for specimen in specimens):
        yield f"{_place('image_data', 'biosamples', about.id)}: nothing says of what these images are"


def _row(row: _Row) -> Iterator[str]:
    if isinstance(row, Biosample):
        for attribute in ("biological_entity", "organism"):
            if not getattr(row, attribute).name:
                yield f"{_place('biosamples', attribute, row.id)}: it is empty"
    elif isinstance(row, Specimen):
        yield from _lacking("specimens", row, row.id, ("preparation", "biosamples"))
    elif isinstance(row, Annotations):
        yield from _lacking("annotations", row, row.id, ("overview", "kinds", "method"))
    else:
        yield from _lacking("acquisitions", row, row.id, ("parameters",))
        if not row.instrument.description:
            yield f"{_place('acquisitions', 'instrument', row.id)}: it is empty"
        if not any(method.name for method in row.methods):
            yield f"{_place('acquisitions', 'methods', row.id)}: it is empty"
