"""What was measured of images, as attributes of their entities."""

from __future__ import annotations

from provcap.bioimage.measures import channel_label, kind
from provcap.graph.draft import TERMS, Attributes, Draft, attributes
from provcap.model import Run


class Qualities:
    """Those of the run, by the digests of its images."""

    def __init__(self, draft: Draft) -> None:
        run: Run = draft.run
        self._known = {quality.file: quality for quality in run.qualities}

    def of(self, digest: str | None) -> Attributes:
        """One attribute for each measure, with channel and unit; which part was measured, and with what."""
        found = self._known.get(digest or "")
        if found is None:
            return []
        told: dict[str, list[str]] = {}
        for measure in found.measures:
            channel = channel_label(measure)
            unit = "" if measure.unit == "1" else f" {measure.unit}"
            time = f" at time point {measure.time}" if measure.time else ""
            what = kind(measure)
            name = f"{what.title}: " if what.term == "qualityMeasure" else ""
            said = f"{channel + ': ' if channel else ''}{name}{measure.value:.9g}{unit}{time} ({measure.method})"
            told.setdefault(what.term, []).append(said)
        notes = {"measuredPart": [found.measured], "measuredWith": [found.reader], "qualityNote": list(found.notes)}
        return attributes([], None, {TERMS[name]: values for name, values in (told | notes).items()})
