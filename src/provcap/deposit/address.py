"""Where a token may go: URLs of archives, and which of them are safe."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from provcap.errors import ProvcapError


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of `url`. Raises ProvcapError when it is no URL."""
    try:
        parts = urlsplit(url)
        return parts.scheme, (parts.hostname or "").lower(), parts.port or {"https": 443}.get(parts.scheme, 80)
    except ValueError:
        raise ProvcapError("bad-url", f"{url!a} is no URL", "write it with https://") from None


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_unsafe(url: str) -> None:
    """Raise ProvcapError unless `url` is https, or http on this machine; nor may it have a password in it."""
    scheme, host, _ = origin(url)
    if scheme not in ("http", "https") or not host or "@" in urlsplit(url).netloc:
        raise ProvcapError("bad-url", f"{url.split('@')[-1][:200]!a} is no URL of an archive", "write it with https://")
    if scheme == "http" and not is_loopback(host):
        raise ProvcapError("bad-url", f"{host} would be spoken to without TLS", "write https:// instead of http://")
