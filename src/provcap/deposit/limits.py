"""What each archive accepts, and the page that says so.

GB is 10^9 bytes where the archive writes GB.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from provcap.deposit.archive import Limits
from provcap.deposit.settings import Settings
from provcap.errors import ProvcapError

GB: Final = 10**9
#: anything that a folder can hold: no empty segment, no way out, no control character
PLAIN_KEY: Final = r"(?!/)(?!.*(?:^|/)(?:\.{0,2})(?:/|$))[^\x00-\x1f\x7f\\\ud800-\udfff]{1,1000}"
#: the key of a file in Invenio's storage (FILES_REST_OBJECT_KEY_MAX_LEN)
INVENIO_KEY: Final = PLAIN_KEY.replace("1000", "255")
#: file: none of / : * ? " < > | ; #, 1 to 255 characters; folders: A-Z a-z 0-9 _ - . and space
DATAVERSE_KEY: Final = (
    r"(?!.*(?:^|/)\.{0,2}(?:/|$))(?:[A-Za-z0-9_.\- ]+/)*[^\x00-\x1f\x7f\\\ud800-\udfff/:*?\"<>|;#]{1,255}"
)
#: only these stay what they are on their way through BioStudies: letters, digits, and ! - . _ * ' ( ) space
BIOSTUDIES_KEY: Final = r"(?!.*(?:^|/)\.{0,2}(?:/|$))(?:[A-Za-z0-9!\-._*'() ]+/)*[A-Za-z0-9!\-._*'() ]+"

LIMITS: Final = {
    "zenodo": Limits(
        files=100,
        file_bytes=50 * GB,
        total_bytes=50 * GB,
        key_pattern=INVENIO_KEY,
        source="https://help.zenodo.org/docs/deposit/manage-files",
    ),
    "invenio": Limits(
        files=100,
        file_bytes=10 * GB,
        total_bytes=10 * GB,
        key_pattern=INVENIO_KEY,
        source="https://inveniordm.docs.cern.ch/customize/upload_limits/",
    ),
    "dataverse": Limits(
        files=1000,  # what its pages take at once and unpack from one zip; more is not to be looked through
        key_pattern=DATAVERSE_KEY,
        unpacks_zips=True,
        source="https://guides.dataverse.org/en/latest/user/dataset-management.html",
    ),
    "bioimage-archive": Limits(
        key_pattern=BIOSTUDIES_KEY,
        layout="tree",
        source="https://www.ebi.ac.uk/bioimage-archive/help-file-list",
    ),
    "folder": Limits(key_pattern=PLAIN_KEY, layout="as-it-is"),
    "bag": Limits(key_pattern=PLAIN_KEY, layout="tree", source="https://www.rfc-editor.org/rfc/rfc8493"),
    "ocfl": Limits(key_pattern=PLAIN_KEY, layout="tree", source="https://ocfl.io/1.1/spec/"),
}
ALIASES: Final = {"inveniordm": "invenio", "bagit": "bag", "bia": "bioimage-archive"}


def limits_of(archive: str, settings: Settings) -> Limits:
    """The limits of `archive`, with what ``config/deposit.yaml`` says of this installation.

    Raises ProvcapError for an archive that provcap does not know.
    """
    known = LIMITS.get(ALIASES.get(archive, archive))
    if known is None:
        raise ProvcapError(
            "unknown-archive", f"provcap knows no archive called {archive!r}", "known: " + ", ".join(LIMITS)
        )
    said = settings.limits
    return replace(
        known,
        files=said.get("files", known.files),
        file_bytes=said.get("file_bytes", known.file_bytes),
        total_bytes=said.get("total_bytes", known.total_bytes),
        source="deposit.yaml" if said else known.source,
    )
