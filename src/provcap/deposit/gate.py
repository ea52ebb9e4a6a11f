"""The gate before an archive: what is secret or personal does not leave."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from provcap import redact
from provcap.errors import ProvcapError
from provcap.redact.finding import Find

_SHOWN: Final = 30
_HINT: Final = "write it with: provcap crate --public; what may pass is named under allow in config/deposit.yaml"


def refuse(crate: Path, finds: Sequence[Find], hint: str = _HINT) -> None:
    """Raise ProvcapError (``deposit-blocked``) when one of `finds` in what the user calls `crate` blocks."""
    bad = redact.blocking(tuple(finds))
    if bad:
        lines = [f"\n  {f.place}: {f.rule}: {f.what} ({f.reason})" for f in bad[:_SHOWN]]
        more = f"\n  and {len(bad) - _SHOWN} more" if len(bad) > _SHOWN else ""
        message = f"{crate} must not leave with what is in it ({len(bad)} finds):{''.join(lines)}{more}"
        raise ProvcapError("deposit-blocked", message, hint)
