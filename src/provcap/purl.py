"""Package URLs (https://github.com/package-url/purl-spec): how inventories of software call a package."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from packageurl import PackageURL

from provcap.model import Environment, Package

_VCS: Final = re.compile(r"(git|hg|svn|bzr)\+")
_VENDORED: Final = ("apk", "deb", "rpm")  #: types whose namespace is the distribution


def purl(package: Package, environment: Environment | None = None) -> str:
    """The package URL of `package`; what is installed in `environment` gets that system's vendor and release.

    A qualifier stands only for what was recorded: channel, subdir and build of conda packages, architecture, release
    of the distribution, epoch of RPM packages, the repository and commit that a Python package came from.
    """
    namespace, version = None, package.version
    qualifiers: dict[str, str | None] = {}
    if package.manager in _VENDORED:
        namespace = environment.os_id if environment else None
        release = environment.os_version if environment else None
        qualifiers = {
            "arch": package.architecture,
            "distro": f"{namespace}-{release}" if namespace and release else None,
        }
    if package.manager == "rpm" and ":" in version:
        qualifiers["epoch"], _, version = version.partition(":")
    if package.manager == "conda":
        version, _, qualifiers["build"] = version.partition("=")
        qualifiers |= {"channel": _channel(package), "subdir": package.architecture}
    if (
        package.manager == "pypi"
        and _VCS.match(package.origin or "")
        and "@" not in urlsplit(package.origin or "").netloc
    ):
        qualifiers["vcs_url"] = package.origin
    known = {name: value for name, value in qualifiers.items() if value}
    return str(PackageURL(package.manager, namespace, package.name, version, known).to_string())


def _channel(package: Package) -> str | None:
    """The channel in the URL of a conda package, https://host[/t/token]/CHANNEL/subdir/file, or as it was recorded."""
    origin = package.origin or ""
    if "://" not in origin:
        return origin or None
    parts = [part for part in urlsplit(origin).path.split("/") if part]
    if parts[:1] == ["t"]:
        parts = parts[2:]
    if package.architecture in parts:
        parts = parts[: parts.index(package.architecture)]
    return "/".join(parts) or None
