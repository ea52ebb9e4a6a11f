"""Inventories of the software of a run (SBOM): CycloneDX and SPDX, one for each environment.

Nothing in them is made up or taken from a clock: serial numbers are UUIDs of the environment's digest (RFC 9562,
version 5), times those of the run. Licences are not recorded, so none is claimed.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from provcap.errors import ProvcapError
from provcap.export.models import components
from provcap.model import Environment, Image, Package, Run
from provcap.purl import purl

NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "https://w3id.org/provcap/environment")
_NEEDS: Final = "pip install 'provcap[export]'"


def cyclonedx(run: Run) -> dict[str, bytes]:
    """By file name, a CycloneDX 1.6 document (JSON) for each environment of `run`. Raises ProvcapError."""
    try:
        from cyclonedx.output.json import JsonV1Dot6
    except ImportError as error:
        raise ProvcapError("not-installed", "CycloneDX needs cyclonedx-python-lib", _NEEDS) from error
    made = {}
    for environment in run.environments:
        text = JsonV1Dot6(_bom(run, environment)).output_as_string(indent=1)
        made[f"{_short(environment)}.cdx.json"] = (text + "\n").encode("utf-8", "backslashreplace")
    return made


def _bom(run: Run, environment: Environment) -> Any:
    from cyclonedx.model import Property
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.tool import ToolRepository
    from packageurl import PackageURL

    root = Component(
        name=environment.os_name or "environment",
        version=environment.os_version,
        type=ComponentType.CONTAINER if _images(run, environment) else ComponentType.OPERATING_SYSTEM,
        bom_ref=environment.id,
        properties=[Property(name=f"provcap:{name}", value=value) for name, value in _facts(run, environment)],
    )
    tool = Component(name="provcap", version=run.provcap_version, type=ComponentType.APPLICATION, bom_ref="provcap")
    parts = [
        Component(
            name=package.name,
            version=package.version,
            type=ComponentType.LIBRARY,
            purl=PackageURL.from_string(address),
            bom_ref=address,
        )
        for address, package in _packages(environment)
    ]
    parts += components(run, environment)
    bom = Bom(
        serial_number=uuid.uuid5(NAMESPACE, environment.id),
        metadata=BomMetaData(timestamp=_time(run), component=root, tools=ToolRepository(components=[tool])),
        components=parts,
    )
    bom.register_dependency(root, parts)
    return bom


def _short(environment: Environment) -> str:
    """A file name, whatever the id is: ids of records come from elsewhere."""
    return re.sub(r"[^A-Za-z0-9-]", "-", environment.id.removeprefix("sha256:"))[:64] or "environment"


def _packages(environment: Environment) -> Iterator[tuple[str, Package]]:
    """The packages by purl, sorted, each once."""
    found = {purl(package, environment): package for package in environment.packages}
    return ((address, found[address]) for address in sorted(found))


def _images(run: Run, environment: Environment) -> list[Image]:
    used = {job.image for job in run.jobs if job.environment == environment.id}
    return [image for image in run.images if image.id in used]


def _facts(run: Run, environment: Environment) -> Iterable[tuple[str, str]]:
    """What the formats have no words for: the images with their digests, and the interpreters."""
    yield "environment", environment.id
    for image in _images(run, environment):
        yield "image", image.reference + (f" {image.digest}" if image.digest else "")
    for interpreter in environment.interpreters:
        yield "interpreter", f"{interpreter.language} {interpreter.version} {interpreter.path}"


def _time(run: Run) -> datetime:
    return datetime.fromisoformat(run.started)


def spdx(run: Run) -> dict[str, bytes]:
    """By file name, an SPDX 2.3 document (JSON) for each environment of `run`. Raises ProvcapError."""
    try:
        from spdx_tools.spdx.jsonschema.document_converter import DocumentConverter
    except ImportError as error:
        raise ProvcapError("not-installed", "SPDX needs spdx-tools", _NEEDS) from error
    import json

    made = {}
    for environment in run.environments:
        plain = DocumentConverter().convert(spdx_document(run, environment))
        text = json.dumps(plain, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        made[f"{_short(environment)}.spdx.json"] = text.encode("utf-8", "backslashreplace")
    return made


def spdx_document(run: Run, environment: Environment) -> Any:
    """The document as spdx-tools models it: the environment as a package that contains all others."""
    from spdx_tools.spdx.model import Actor, ActorType, CreationInfo, Document, Relationship, RelationshipType

    creation = CreationInfo(
        spdx_version="SPDX-2.3",
        spdx_id="SPDXRef-DOCUMENT",
        name=f"environment {_short(environment)[:12]}",
        document_namespace=f"https://w3id.org/provcap/spdx/{uuid.uuid5(NAMESPACE, environment.id)}",
        creators=[Actor(ActorType.TOOL, f"provcap-{run.provcap_version or 'unknown'}")],
        created=_time(run).replace(microsecond=0),
    )
    facts = "\n".join(f"{name}: {value}" for name, value in _facts(run, environment))
    root = _spdx_package(
        "SPDXRef-Environment", environment.os_name or "environment", environment.os_version, facts, None
    )
    parts = [
        _spdx_package(f"SPDXRef-Package-{number}", package.name, package.version, None, address)
        for number, (address, package) in enumerate(_packages(environment), 1)
    ]
    described = Relationship("SPDXRef-DOCUMENT", RelationshipType.DESCRIBES, root.spdx_id)
    contained = [Relationship(root.spdx_id, RelationshipType.CONTAINS, part.spdx_id) for part in parts]
    return Document(creation, [root, *parts], relationships=[described, *contained])


def _spdx_package(spdx_id: str, name: str, version: str | None, comment: str | None, address: str | None) -> Any:
    from spdx_tools.spdx.model import ExternalPackageRef, ExternalPackageRefCategory, Package, SpdxNoAssertion

    manager = ExternalPackageRefCategory.PACKAGE_MANAGER
    return Package(
        spdx_id=spdx_id,
        name=name,
        download_location=SpdxNoAssertion(),
        version=version,
        files_analyzed=False,
        comment=comment,
        external_references=[ExternalPackageRef(manager, "purl", address)] if address else [],
    )
