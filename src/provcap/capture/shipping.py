"""The way home for records from a node that shares no file system with the main process: the job's own log.

A record and the environment that it speaks of are written to stderr as one line, ``provcap-record:<base64>``, which
executors keep in the job's log. `provcap collect --from LOG …` reads them back.
"""

from __future__ import annotations

import base64
import sys
import zlib
from typing import Any

from provcap import codec
from provcap.journal import SHIPPED


def send(record: dict[str, Any], environment: bytes | None) -> None:
    """Write `record`, and the text of its environment when it was not sent before, to stderr."""
    parcel = {"record": record, **({"environment": environment.decode("utf-8")} if environment else {})}
    packed = base64.b64encode(zlib.compress(codec.dumps(parcel).encode("utf-8", "surrogateescape"))).decode("ascii")
    sys.stderr.write(f"{SHIPPED}{packed}\n")
    sys.stderr.flush()
