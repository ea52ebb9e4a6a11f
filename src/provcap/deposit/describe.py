"""A crate, and what people say beside it → what an archive is told.

For each field the first that says something counts: ``deposit.yaml``, the crate (and so the ``provcap.yaml`` that it
was packed with), the sheet of sample and imaging, CITATION.cff, ``.zenodo.json``. Related works are those of all.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from provcap import unpack
from provcap.deposit import citation, facts
from provcap.deposit import root as root_entity
from provcap.deposit.description import Description
from provcap.deposit.settings import Settings
from provcap.deposit.told import MANY, Told, clean, licence, line, merged, words
from provcap.errors import ProvcapError
from provcap.model import Agent, Run, Study
from provcap.opening import IN_CRATE, open_run
from provcap.report import methods

_NEEDED: Final = {
    "title": "title",
    "creators": "authors (in deposit.yaml: creators)",
    "license": "license, an SPDX identifier",
    "publication_date": "publication_date",
}
_METHODS: Final = 50_000  #: characters


def describe(root: Path, settings: Settings, workdir: Path | None = None) -> tuple[Description, tuple[str, ...]]:
    """The metadata of a deposit of the unpacked crate in `root`, and sentences on what was left out and why.

    `workdir` is where CITATION.cff and .zenodo.json are looked for besides the crate. Raises ProvcapError
    (``deposit-not-described``) when a title, creators or a licence is missing, and for a crate that cannot be read.
    """
    entities = unpack.read_metadata(root, root)
    notes: list[str] = []
    run = _run(root, notes)
    ours = (root / IN_CRATE).is_file() and run is not None
    crate = root_entity.read(entities)
    if run is not None:
        _add_run(crate, run, ours)
    folders = [f for base in (root, workdir) if base is not None for f in (base, base / "workflow")]
    sheet = [_of_sheet(run.study)] if run is not None and run.study is not None else []
    said = merged([_settled(settings), crate, *sheet, *citation.read(folders)])
    _refuse_missing(said)
    text = said.description or f"Outputs and provenance of a run: {said.title}"
    description = Description(
        title=said.title or "",
        creators=said.creators[:MANY],
        description=text,
        publication_date=said.publication_date or "",
        license=said.license,
        publisher=said.publisher,
        keywords=said.keywords,
        methods=clean(methods(run), _METHODS) if run is not None and run.jobs else None,
        technical=facts.technical(root, entities, run, ours),
        software=facts.software(run, entities),
        related=said.related[:MANY],
        funding=said.funding,
        resource_type=said.resource_type or "Dataset",
        language=said.language,
        version=said.version,
    )
    return description, (*notes, *said.notes)


def _run(root: Path, notes: list[str]) -> Run | None:
    """The run in the crate; of another engine's crate what it tells of one."""
    try:
        return open_run(str(root.absolute()), root, foreign=True).run
    except ProvcapError as error:
        notes.append(f"no run could be read, so there is no methods text: {error.message}")
        return None


def _add_run(crate: Told, run: Run, ours: bool) -> None:
    """What the run knows better than the metadata: a name that provcap gave for want of a title is none."""
    if ours:
        crate.title = line(run.about.title)
        crate.description = clean(run.about.description) or crate.description
        if not run.about.authors:
            crate.creators = ()
    crate.related = (*crate.related, *facts.related(run))
    crate.publication_date = crate.publication_date or (run.ended or run.started)[:10] or None


def _of_sheet(study: Study) -> Told:
    """What people said in a sheet of sample and imaging, where they said it nowhere else."""
    return Told(
        f"the sheet {line(study.sheet.name)}",
        title=line(study.title),
        license=licence(study.license),
        creators=tuple(_cleaned(Agent(p.name, p.id, p.affiliation)) for p in study.authors),
        keywords=words(list(study.keywords)),
    )


def _settled(settings: Settings) -> Told:
    told = Told(
        "deposit.yaml",
        title=line(settings.title),
        description=clean(settings.description),
        license=licence(settings.license),
        publisher=line(settings.publisher),
        publication_date=settings.publication_date,
        language=settings.language,
        version=line(settings.version, 100),
        resource_type=settings.resource_type,
        creators=tuple(_cleaned(agent) for agent in settings.creators),
        keywords=words(list(settings.keywords)),
        funding=settings.funding,
        related=settings.related,
    )
    if settings.license and told.license is None:
        told.notes.append(f"deposit.yaml: {line(settings.license, 80)!r} is no licence that SPDX lists")
    return told


def _cleaned(agent: Agent) -> Agent:
    return replace(agent, name=line(agent.name, 300) or agent.name)


def _refuse_missing(said: Told) -> None:
    missing = [key for name, key in _NEEDED.items() if not getattr(said, name)]
    if missing:
        because = f" ({'; '.join(said.notes[:3])})" if said.notes else ""
        raise ProvcapError(
            "deposit-not-described",
            f"nobody says what an archive needs to know: {', '.join(missing)}{because}",
            "say it in config/deposit.yaml; or in provcap.yaml, then provcap collect and provcap crate again",
        )
