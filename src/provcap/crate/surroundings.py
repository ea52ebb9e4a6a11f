"""The machines that jobs ran on and the container images that they ran in."""

from __future__ import annotations

import posixpath
import re
from typing import Final

from provcap.crate import profile_0_5 as profile
from provcap.crate.draft import Draft, fragment, ref
from provcap.model import Gpu, Hardware, Image, Run

_DIGEST: Final = re.compile(r"@sha256:[0-9a-f]{64}$")


def add_hosts(draft: Draft, run: Run) -> dict[str, str]:
    """A Place for each machine, by Hardware.id: WRROC has no terms for hardware, and rejects a second instrument."""
    return {machine.id: _add_host(draft, machine) for machine in run.hardware}


def _add_host(draft: Draft, machine: Hardware) -> str:
    host = fragment("host", machine.id)
    facts = (
        ("cpuModel", machine.cpu_model, None),
        ("logicalCores", machine.cpus_logical, profile.COUNT),
        ("physicalCores", machine.cpus_physical, profile.COUNT),
        ("memoryTotal", machine.memory_bytes, profile.BYTES),
        ("architecture", machine.architecture, None),
        ("operatingSystem", machine.os_name, None),
        ("kernel", machine.kernel, None),
        ("microarchitecture", machine.microarchitecture, None),
        ("cpuFlags", " ".join(machine.flags) or None, None),
        ("sockets", machine.sockets, profile.COUNT),
        ("hypervisor", machine.hypervisor, None),
        *((f"gpu{n}", _gpu(gpu), None) for n, gpu in enumerate(machine.gpus, 1)),
    )
    draft.add(host, "Place", name=machine.hostname or "host", description="A machine that ran jobs")
    for name, value, unit in facts:
        if value is not None:
            fact = f"{host}/{name}"
            properties = {"value": str(value), "propertyID": profile.OWN + name, "unitCode": unit}
            draft.add(fact, "PropertyValue", name=name, **properties)
            draft.link(host, "additionalProperty", fact)
    return host


def _gpu(gpu: Gpu) -> str:
    more = (gpu.driver and f"driver {gpu.driver}", gpu.cuda and f"CUDA {gpu.cuda}")
    return ", ".join(filter(None, (gpu.model, *more)))


def add_images(draft: Draft, run: Run) -> dict[str, str]:
    """A ContainerImage for each image, by Image.id (Process Run Crate 0.5, "Representing container images")."""
    return {image.id: _add_image(draft, image) for image in run.images}


def _add_image(draft: Draft, image: Image) -> str:
    registry, name, tag = parse_reference(image.reference)
    # an unpacked sandbox is no SIF file; what its reference names may be a Docker image
    kinds = {"sif": profile.SIF, "docker": profile.DOCKER}
    kind = kinds.get(image.kind) or (profile.DOCKER if image.reference.startswith("docker:") else None)
    entity = draft.add(
        fragment("image", image.id.removeprefix("sha256:")),
        "ContainerImage",
        name=name,
        registry=registry,
        tag=tag,
        sha256=(image.digest or "").removeprefix("sha256:"),
        additionalType=ref(kind) if kind else None,
        identifier=image.reference,
        contentSize=str(image.size_bytes) if image.size_bytes is not None else None,
        description=f"{image.reference}, run as {image.kind}" + (f" from {image.path}" if image.path else ""),
    )
    for label, value in sorted(image.labels.items()):
        fact = fragment("image", image.id.removeprefix("sha256:"), "label", label)
        draft.add(fact, "PropertyValue", name=label, value=value, propertyID=profile.OWN + "imageLabel")
        draft.link(entity, "additionalProperty", fact)
    return entity


def parse_reference(reference: str) -> tuple[str, str, str | None]:
    """Registry, name and tag of an image reference; a file on disk has the registry ``localhost``."""
    scheme, separator, rest = reference.partition("://")
    if not separator and ("/" in reference or reference.endswith((".sif", ".img"))) and _is_path(reference):
        return "localhost", posixpath.basename(reference.rstrip("/")), None
    bare = _DIGEST.sub("", rest if separator else reference)
    if scheme in ("http", "https", "file"):
        host, _, path = bare.partition("/")
        return host or "localhost", path or host, None
    defaults = {"library": "library.sylabs.io", "shub": "singularity-hub.org"}
    registry = defaults.get(scheme, "docker.io") if separator else "docker.io"
    first, slash, remainder = bare.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        registry, bare = first, remainder
    name, colon, tag = bare.rpartition(":")
    return (registry, name, tag) if colon else (registry, bare, None)


def _is_path(reference: str) -> bool:
    return reference.startswith(("/", "./", "../")) or reference.endswith((".sif", ".img"))
