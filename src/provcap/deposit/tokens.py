"""The token of an archive: from the environment, a file that nobody else reads, or the keyring. Never from arguments,
which every user of the machine can read."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from provcap.errors import ProvcapError

SERVICE: Final = "provcap"  #: in the keyring; the user there is the archive's host
_MAX: Final = 4096


def find(archive: str, url: str, file: Path | None = None, environment: Mapping[str, str] | None = None) -> str:
    """The token for `archive` at `url`: from `file` if it is given, else from PROVCAP_TOKEN_<ARCHIVE>, PROVCAP_TOKEN,
    the file that PROVCAP_TOKEN_FILE names, or the keyring. Raises ProvcapError, which never quotes it."""
    known = os.environ if environment is None else environment
    own = f"PROVCAP_TOKEN_{archive.upper().replace('-', '_')}"
    if file is not None:
        return _usable(_read(file), f"the file {file}")
    for name in (own, "PROVCAP_TOKEN"):
        if known.get(name):
            return _usable(known[name], name)
    if known.get("PROVCAP_TOKEN_FILE"):
        return find(archive, url, Path(known["PROVCAP_TOKEN_FILE"]))
    host = urlsplit(url).hostname or url
    kept = _from_keyring(host)
    if kept:
        return _usable(kept, "the keyring")
    hint = f"set {own}, or name a file of mode 0600 with --token-file, or: keyring set {SERVICE} {host}"
    raise ProvcapError("no-token", f"there is no token for {archive} at {host}", hint)


def _read(path: Path) -> str:
    """The content of the file at `path`, when it is the user's own and nobody else can read it."""
    try:
        with open(path, "rb", opener=lambda p, flags: os.open(p, flags | os.O_NONBLOCK)) as stream:
            info = os.fstat(stream.fileno())
            if not stat.S_ISREG(info.st_mode):
                raise ProvcapError("unsafe-token-file", f"{path} is no regular file", "name a file of mode 0600")
            if info.st_uid != os.geteuid():
                raise ProvcapError("unsafe-token-file", f"{path} belongs to another user", "make one of your own")
            if stat.S_IMODE(info.st_mode) & 0o177:
                message = f"others may read or change {path} (mode {stat.S_IMODE(info.st_mode):04o})"
                raise ProvcapError("unsafe-token-file", message, f"chmod 600 {path}; renew the token if others did")
            return stream.read(_MAX + 1).decode("ascii", "replace")
    except OSError as error:
        raise ProvcapError("no-token", f"{path} cannot be read: {error.strerror}", "name a file of mode 0600") from None


def _usable(text: str, where: str) -> str:
    token = text.strip()
    if not token or len(token) > _MAX or not all("!" <= c <= "~" for c in token):
        raise ProvcapError("no-token", f"what {where} has is no token", "it is one word of ASCII characters")
    return token


def _from_keyring(host: str) -> str | None:
    """What the keyring has for `host`; None also where there is no keyring, or it does not open."""
    try:
        import keyring

        return keyring.get_password(SERVICE, host)
    except Exception:  # back ends raise what they like; that there is no token is told by whoever asked
        return None
