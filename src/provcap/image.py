"""The identity of Docker images, from the engine that has them.

A whole workflow may run inside one image (``docker run … snakemake``). The process inside cannot know which: the one
who starts it says so in the variable PROVCAP_IMAGE, or the engine is asked, from outside, about the container.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import Any

DECLARED = "PROVCAP_IMAGE"  #: "name:tag@sha256:<id>", set by whoever starts the container


def _engine() -> Any:
    import docker

    return docker.from_env(timeout=20)


def engine_problem() -> str:
    """Why no Docker engine answers, or an empty text when one does."""
    try:
        with contextlib.closing(_engine()) as engine:
            engine.ping()
    except Exception as error:  # the client raises its own, requests' and urllib3's errors alike
        return f"no engine answers: {str(error)[:120]}"
    return ""


def inside() -> dict[str, Any] | None:
    """The image that this very process runs in, as far as it can be told; None outside of a Docker container."""
    declared = os.environ.get(DECLARED)
    if declared:
        name, _, digest = declared.partition("@")
        known = digest if re.fullmatch(r"sha256:[0-9a-f]{64}", digest) else None
        return {"reference": name, "kind": "docker", **({"digest": known} if known else {})}
    try:
        mounts = Path("/proc/self/mountinfo").read_text("utf-8", "replace")
    except OSError:
        return None
    container = re.search(r"/docker/containers/([0-9a-f]{64})/", mounts)
    return {"reference": f"image of Docker container {container[1][:12]}", "kind": "docker"} if container else None
