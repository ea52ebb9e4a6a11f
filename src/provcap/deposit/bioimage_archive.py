"""A crate of which nobody said what its images are of, laid out for the form of the BioImage Archive. Nothing is sent:
BioStudies wants a person to log in, to fill in what no computer saw (specimen, imaging), and to press the button. A run
with a REMBI sheet has all that, and becomes a submission in the archive's profile of RO-Crate (`provcap.deposit.bia`).

`files/` is what is uploaded, `file-list.tsv` names each file (https://www.ebi.ac.uk/bioimage-archive/help-file-list),
`study.tsv` is the study in PageTab (https://ebibiostudies.github.io/page-tab-specification/) with the fields of REMBI
(doi:10.1038/s41592-021-01166-8) that are known, `TO-DO.txt` says what is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from provcap import store
from provcap.deposit import copying
from provcap.deposit.archive import Item
from provcap.deposit.bia.file_list import tsv
from provcap.deposit.description import Description
from provcap.deposit.folder import Folder
from provcap.deposit.state import State
from provcap.deposit.told import line
from provcap.errors import ProvcapError
from provcap.importing.naming import has_type, text
from provcap.opening import METADATA
from provcap.unpack import entities_in

FILES: Final = "files"
_LIST, _STUDY, _TODO = "file-list.tsv", "study.tsv", "TO-DO.txt"
_LICENCES: Final = {"CC0-1.0": "CC0", "CC-BY-4.0": "CC BY 4.0"}
_OPEN: Final = (
    "Biosample: title, organism with its NCBI taxon, description, experimental variables",
    "Specimen: title, how the sample was prepared",
    "Image acquisition: title, imaging method (FBbi), instrument, acquisition parameters",
    "Study component: which files belong together, and to which biosample, specimen and acquisition",
)


class BioImageArchive(Folder):
    """A directory of its own that holds a submission."""

    name = "bioimage-archive"

    def upload(self, items: Sequence[Item], state: State) -> None:
        """See Archive.upload."""
        copying.bring(items, self.folder / FILES)
        if self.description is None:
            raise ProvcapError("copy-failed", "the submission is not described", "the same command begins again")
        texts = {
            _LIST: file_list(items),
            _STUDY: study(self.description).encode(),
            _TODO: to_do(self.description, sum(item.size_bytes for item in items), len(items)).encode(),
        }
        for name, content in texts.items():
            store.write_atomic(self.folder / name, content)
        state.note(ready=True)
        self.target.say(f"the submission is ready and not sent; what you must do: {self.folder / _TODO}")


def file_list(items: Sequence[Item]) -> bytes:
    """The file list: "Files" first, a line for each file, tabs between the columns."""
    known = _described(items)
    lines = [("Files", "Description", "Media type", "SHA-256")]
    for item in sorted(items, key=lambda item: item.key):
        about, kind = known.get(item.key, ("", ""))
        lines.append((f"{FILES}/{item.key}", about, kind, item.digest.removeprefix("sha256:")))
    return tsv(lines)


def _described(items: Sequence[Item]) -> dict[str, tuple[str, str]]:
    """What the crate's metadata says of its files: description and media type, by path."""
    path = next((item.path for item in items if item.key == METADATA), None)
    if path is None:
        return {}
    entities = entities_in(path.read_bytes(), Path(METADATA))
    found = {}
    for item in items:
        entity: Any = entities.get(item.key, {})
        if has_type(entity, {"File", "MediaObject"}):
            found[item.key] = (_cell(text(entity, "description")), _cell(text(entity, "encodingFormat")))
    return found


def _cell(value: str | None) -> str:
    return line(value, 300) or ""


def study(said: Description) -> str:
    """The study in PageTab: sections are separated by an empty line, and no attribute is empty."""
    return "\n\n".join("\n".join("\t".join(map(_field, row)) for row in part) for part in _sections(said)) + "\n"


def _field(value: str) -> str:
    """One field: PageTab has no line ends or tabs within one."""
    return " ".join(value.split())


def _sections(said: Description) -> Iterator[list[tuple[str, ...]]]:
    yield [("Submission",), ("Title", said.title), ("AttachTo", "BioImages"), ("ReleaseDate", said.publication_date)]
    main: list[tuple[str, ...]] = [("Study",), ("Title", said.title), ("Description", said.description)]
    main += [("Keywords", word) for word in said.keywords]
    main += [("License", _LICENCES.get(said.license, said.license))] if said.license else []
    yield [*main, ("File List", _LIST)]
    places = list(dict.fromkeys(a.affiliation for a in said.creators if a.affiliation))
    for agent in said.creators:
        rows: list[tuple[str, ...]] = [("Author",), ("Name", agent.name)]
        rows += [("ORCID", agent.id.rpartition("/")[2])] if agent.id else []
        if agent.affiliation:
            rows.append(("<affiliation>", f"o{places.index(agent.affiliation) + 1}"))
        yield rows
    for number, place in enumerate(places, 1):
        yield [("Organization", f"o{number}"), ("Name", place.name), *([("RORID", place.id)] if place.id else [])]
    for award in said.funding:
        yield [("Funding",), ("Agency", award.funder), *([("grant_id", award.award)] if award.award else [])]
    overview = " ".join(filter(None, (said.methods, said.technical)))
    if overview:
        yield [("Image analysis",), ("Title", "The recorded workflow run"), ("Image analysis overview", overview)]
    links = [other for other in said.related if other.scheme in ("doi", "url")]
    for other in links:
        yield [("Link", other.identifier), ("Type", other.scheme.upper()), ("Description", other.relation)]


def to_do(said: Description, size: int, count: int) -> str:
    """What a person must still do, as far as this can be known here."""
    steps = [
        "Log in at https://www.ebi.ac.uk/biostudies/submissions/ (collection: BioImages).",
        f"Upload the directory {FILES} ({count} files, {size} bytes) and {_LIST}; by FTP or Aspera when it is large.",
        f"Begin a submission with the template BioImages, and take over what {_STUDY} says.",
        *(f"Add {part}." for part in _OPEN),
        f"Choose {_LIST} as the file list of the study component.",
        "Let it validate, read it, and submit.",
    ]
    if said.license not in _LICENCES:
        steps.insert(3, f"Choose a licence: the archive takes CC0 and CC BY 4.0, and the crate has {said.license}.")
    head = "This is ready for the BioImage Archive, and was not sent. Left to do:\n\n"
    tail = (
        f"\n{METADATA} in {FILES} is that of a Workflow Run RO-Crate, not the archive's own profile of RO-Crate.\n"
        "That one, with all of the above, is written by: provcap export --to bioimage-archive (of a run with a sheet)\n"
    )
    return head + "".join(f"{number}. {step}\n" for number, step in enumerate(steps, 1)) + tail
