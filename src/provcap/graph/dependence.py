"""What the workflow needs of its images: an entity for each need, and what was found as attributes of the images."""

from __future__ import annotations

from provcap.bioimage.declared import limit_text, need_text
from provcap.bioimage.judging import found_text
from provcap.graph.draft import TERMS, Attributes, Draft, attributes
from provcap.graph.surroundings import Surroundings


def add_dependences(draft: Draft, surroundings: Surroundings) -> None:
    """Each need, derived from the file that states it."""
    for number, need in enumerate(draft.run.dependences):
        name = draft.name("dependence", need.name, str(number), need.name, need.source, str(need.line))
        told = {
            TERMS["because"]: need.because,
            TERMS["images"]: need.images,
            TERMS["rule"]: need.steps,
            TERMS["minimum"]: need.minimum,
            TERMS["maximum"]: need.maximum,
            TERMS["allowed"]: need.allowed,
            TERMS["unit"]: need.unit,
            TERMS["line"]: need.line,
            TERMS["ifViolated"]: need.if_violated,
            TERMS["ifUnknown"]: need.if_unknown,
        }
        label = f"{need_text(need)}: {limit_text(need)}"
        draft.document.entity(name, attributes([TERMS["Dependence"]], label, told))
        if source := surroundings.source(need.source):
            draft.document.derivation(name, source)


class Judgements:
    """Those of the run, by path and digest of the image."""

    def __init__(self, draft: Draft) -> None:
        self._told: dict[tuple[str, str | None], list[str]] = {}
        for need in draft.run.dependences:
            for found in need.judgements:
                text = f"{found.verdict}: {need_text(need)} {found_text(need, found)}; needed: {limit_text(need)}"
                self._told.setdefault((found.path, found.file), []).append(text)

    def of(self, path: str, digest: str | None) -> Attributes:
        """A text for each."""
        return attributes([], None, {TERMS["judgement"]: self._told.get((path, digest), ())})
