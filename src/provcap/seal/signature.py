"""Signatures with the SSH keys that people have, made and checked by ``ssh-keygen -Y``. No key is ever read here."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provcap import store
from provcap.errors import ProvcapError

NAMESPACE: Final = "provcap-crate"  #: a signature for another purpose is none for a crate (PROTOCOL.sshsig)
MAX_BYTES: Final = 1 << 16  #: of a signature
SECONDS: Final = 600  #: a large zip from a slow disk
PROGRAM: Final = "ssh-keygen"
_KEY: Final = re.compile(
    r'"?(?:Good )?"[^"]*" signature(?: for (?P<who>.*?))? with (?P<kind>\S+) key (?P<print>SHA256:\S+)'
)


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature that holds."""

    key: str  #: kind and fingerprint
    identity: str | None  #: to whom the key belongs; None when nobody said


def beside(crate: Path) -> Path:
    """Where the signature of the zip at `crate` lies."""
    return crate.with_name(crate.name + ".sig")


def sign(data: Path, key: Path, target: Path) -> None:
    """Write the signature of the file `data` with `key` to `target`: a private key, or a public one that an agent has.

    ssh-keygen asks for a passphrase on the terminal. Raises ProvcapError; an existing `target` is not overwritten.
    """
    store.refuse_existing(target)
    if not key.is_file():
        raise ProvcapError("no-key", f"there is no key at {key}", "make one with: ssh-keygen -t ed25519")
    with data.open("rb") as stream:
        done = _run(["-Y", "sign", "-q", "-f", str(key), "-n", NAMESPACE], stream)
    if done.returncode or not done.stdout.startswith(b"-----BEGIN SSH SIGNATURE-----"):
        raise ProvcapError(
            "not-signed", f"ssh-keygen did not sign with {key}: {_said(done)}", "is it an SSH key of yours?"
        )
    store.write_atomic(target, done.stdout)


def verify(data: Path, signature: Path, signers: Path | None) -> Signature:
    """Check that `signature` is one of the file `data`, by somebody in the file `signers` if that is given.

    Raises ProvcapError (``bad-signature``, ``unknown-signer``, or ``no-ssh-keygen``).
    """
    if signature.stat().st_size > MAX_BYTES or not data.is_file():
        raise ProvcapError("bad-signature", f"{signature.name} is too large, or what it signs is not there")
    which = ["-n", NAMESPACE, "-s", str(signature)]
    with data.open("rb") as stream:
        done = _run(["-Y", "check-novalidate", *which], stream)
    found = _KEY.search(done.stdout.decode(errors="replace"))
    if done.returncode or found is None:
        message = f"it is no signature of {data.name} as it is now: {_said(done)}"
        raise ProvcapError("bad-signature", message, "get the crate again from whoever signed it")
    key = f"{found['kind']} key {found['print']}"
    return Signature(key, None if signers is None else _signer(data, which, signers, key))


def _signer(data: Path, which: list[str], signers: Path, key: str) -> str:
    """Who in the file `signers` has signed."""
    told = _run(["-Y", "find-principals", "-f", str(signers), *which[2:]])
    for name in told.stdout.decode(errors="replace").splitlines() if not told.returncode else ():
        for identity in name.split(","):
            with data.open("rb") as stream:
                if not _run(["-Y", "verify", "-f", str(signers), "-I", identity, *which], stream).returncode:
                    return identity
    raise ProvcapError(
        "unknown-signer", f"it is signed with {key}, which {signers} does not trust", "ask whose key that is"
    )


def _run(arguments: list[str], stream: object = subprocess.DEVNULL) -> subprocess.CompletedProcess[bytes]:
    program = shutil.which(PROGRAM)
    if program is None:
        message = "there is no ssh-keygen, which makes and checks signatures"
        raise ProvcapError("no-ssh-keygen", message, "install OpenSSH 8.2 or newer (openssh-client)")
    try:
        return subprocess.run(  # type: ignore[call-overload,no-any-return]
            [program, *arguments], stdin=stream, capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ProvcapError(
            "not-signed", f"ssh-keygen did not answer within {SECONDS} s", "is it waiting for you?"
        ) from error


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    text = " ".join((done.stderr or done.stdout).decode(errors="replace").split())
    return text[:300] or f"exit code {done.returncode}"
