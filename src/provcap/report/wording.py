"""Values of a run as text for a person: bounded, in one line, and with nothing in it that acts on its own."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import urlsplit

from provcap.model import JSON

LONGEST = 4000  #: characters of any one text in the page
_SAFE_CONTROLS = "\n\t"
#: characters that reorder or hide the text around them (Unicode Technical Report 36, 2.5 and 2.10)
_ACTING = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x061C, 0x200B, 0x200E, 0x200F, 0xFEFF, 0x2028, 0x2029}


def visible(text: str, most: int = LONGEST) -> str:
    """`text` with a mark in place of each control, direction or non-UTF-8 character, and without its rest if long."""
    if len(text) > most:
        text = f"{text[:most]} … ({len(text) - most:,} more characters)"
    return text if text.isprintable() and text.isascii() else "".join(map(_shown, text))


def _shown(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"  # a byte that is not UTF-8, as surrogateescape keeps it
    if code in _ACTING or 0xD800 <= code <= 0xDFFF or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:
        return f"⟨U+{code:04X}⟩"
    if character not in _SAFE_CONTROLS and unicodedata.category(character) == "Cc":
        return f"⟨U+{code:04X}⟩"
    return character


def one_line(text: str, most: int = 200) -> str:
    """`text` in one line of at most `most` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def value_text(value: JSON, most: int = 120) -> str:
    """A parameter as it would be written."""
    return one_line(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), most)


def counted(number: int, noun: str) -> str:
    """A number and its noun, in the plural where it has to be."""
    plural = noun[:-1] + "ies" if noun.endswith("y") and noun[-2] not in "aeiou" else noun + "s"
    return f"{number:,} {noun if number == 1 else plural}"


def listed(words: Sequence[str], last: str = "and") -> str:
    """The words as in a sentence: a, b and c."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""


def when(time: str | None) -> str:
    """A time of the run to the second, in UTC."""
    return time[:19].replace("T", " ") + " UTC" if time else "unknown"


def web_address(text: str | None) -> str | None:
    """`text` when it is an http or https address with a host and nothing in it that has no place in one; else None."""
    if not text or not re.fullmatch(r"https?://[!-~]+", text) or re.search(r'["<>\\^`{|}]', text):
        return None
    try:
        parts = urlsplit(text)
        return text if parts.hostname and parts.username is None else None
    except ValueError:
        return None


def licence_address(licence: str | None) -> str | None:
    """Where the licence can be read: its own address, or that of its SPDX identifier."""
    if licence and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,60}", licence):
        return f"https://spdx.org/licenses/{licence}.html"
    return web_address(licence)
