"""Replace what matches regular expressions: a program of its own, so that it can be stopped when one does not end.

Reads ``{"scrubs": [[pattern, replacement], …], "texts": […]}`` as JSON from stdin and writes the list of texts.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence

TIMEOUT_S = 10.0


class TooSlow(Exception):
    """The patterns did not come to an end in time."""


def scrubbed(texts: Sequence[str], scrubs: Sequence[tuple[str, str]]) -> list[str]:
    """`texts` with every match of the patterns replaced, pattern after pattern. Raises TooSlow."""
    if not scrubs:
        return list(texts)
    task = json.dumps({"scrubs": list(scrubs), "texts": list(texts)}).encode()
    command = [sys.executable, "-I", "-S", __file__]
    try:
        done = subprocess.run(command, input=task, capture_output=True, check=True, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise TooSlow(f"the scrubs did not end within {TIMEOUT_S:.0f} s") from error
    except subprocess.CalledProcessError as error:
        raise TooSlow(f"the scrubs failed: {error.stderr.decode(errors='replace').strip()[-200:]}") from error
    found: list[str] = json.loads(done.stdout)
    return found


def _main() -> None:
    task = json.load(sys.stdin)
    texts = task["texts"]
    for pattern, instead in task["scrubs"]:
        compiled = re.compile(pattern, re.MULTILINE)
        texts = [compiled.sub(instead, text) for text in texts]
    sys.stdout.write(json.dumps(texts))


if __name__ == "__main__":
    _main()
