"""What images say besides their pixels: TIFF tags, OME-XML, PNG texts, EXIF and XMP."""

from __future__ import annotations

import logging
import re
import warnings
import zlib
from typing import IO, Any, Final

from provcap.redact.look import Look

_TIFF: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8\xff"
MAX_PAGES: Final = 50_000
MAX_TEXT: Final = 32 << 20  #: characters of one tag
#: TIFF 6.0, Exif 2.32 and DNG: tags whose value is a person, or leads to one
_PERSONS: Final = frozenset({"Artist", "CameraOwnerName", "Author", "XPAuthor", "OwnerName", "Creator"})
_SERIALS: Final = frozenset({"BodySerialNumber", "LensSerialNumber", "CameraSerialNumber", "SerialNumber"})
_OME: Final = re.compile(r"<(?:\w{1,20}:)?Experimenter\b(?P<attributes>[^<>]{0,2000})>")
_ATTRIBUTE: Final = re.compile(
    r"\b(?P<name>FirstName|MiddleName|LastName|Email|UserName|DisplayName)\s*=\s*\"(?P<value>[^\"]{1,500})\""
)
_XML: Final = re.compile(
    r"<(?P<name>dc:creator|aux:OwnerName|xmpRights:Owner|UserName|UserDisplayName|Operator)>(?:\s*<[^<>/]{1,60}>){0,4}\s*"
    r"(?P<value>[^<>\s][^<>]{0,200})<"
)
_SOFTWARE: Final = re.compile(r"matplotlib|inkscape|graphviz|ggplot|imagej|fiji|zen |://", re.I)
_NOBODY: Final = frozenset("unknown anonymous none n/a default user admin root".split())


def look(head: bytes, stream: IO[bytes], look: Look, file: str, place: str) -> bool:
    """Look through the metadata of an image; False when it is none that is known here."""
    if head.startswith(_TIFF):
        _guarded(_tiff, stream, look, file, place)
    elif head.startswith((_PNG, _JPEG)):
        _guarded(_pillow, stream, look, file, place)
    else:
        return False
    return True


def _guarded(reader: Any, stream: IO[bytes], look: Look, file: str, place: str) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reader(stream, look, file, place)
    except Exception as error:  # foreign code on foreign data, and its exceptions are not documented
        look.unseen(file, place, f"what this image says of itself cannot be read: {type(error).__name__}")


def _tiff(stream: IO[bytes], look: Look, file: str, place: str) -> None:
    import tifffile

    logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # what it would warn of is told as not-scanned
    with tifffile.TiffFile(stream) as tiff:
        tiff.pages.useframes = False  # every page with tags of its own
        for number, page in enumerate(tiff.pages):
            if number >= MAX_PAGES or look.late:
                look.unseen(file, place, f"only the first {number} of its pages were looked at")
                return
            for tag in page.tags if isinstance(page, tifffile.TiffPage) else ():
                _tag(tag.name, tag.value, look, file, place)
        if not len(tiff.pages):
            look.unseen(file, place, "no page of this image can be read")


def _tag(name: str, value: Any, look: Look, file: str, place: str) -> None:
    """One tag: its name says whether the value is a person; texts are looked through."""
    where = f"{place}!{name}"
    if isinstance(value, dict):
        if name.startswith("GPS") and any(key in value for key in ("GPSLatitude", "GPSLongitude", 2, 4)):
            look.note(file, where, "image-place", "a latitude and a longitude")
        for key, inner in value.items():
            _tag(str(key), inner, look, file, place)
        return
    text = _as_text(value)
    if not text or len(text) > MAX_TEXT:
        if text:
            look.unseen(file, where, f"a text of {len(text)} characters")
        return
    if name in _PERSONS and text.lower() not in _NOBODY:
        look.note(file, where, "image-person", text)
    elif name in _SERIALS:
        look.note(file, where, "device-serial", text)
    elif name == "HostComputer":
        look.note(file, where, "host-name", text)
    else:
        described(text, look, file, where)


def _as_text(value: Any) -> str:
    if isinstance(value, bytes):
        if b"\0" in value[:-1] and value[1:2] == b"\0":
            return value.decode("utf-16-le", "replace").strip("\0 ")
        text = value.decode("utf-8", "replace").strip("\0 ")
        return text if text.isprintable() or "<" in text else ""
    return value.strip("\0 ") if isinstance(value, str) else ""


def described(text: str, look: Look, file: str, place: str) -> None:
    """Look through a description: plain text, OME-XML, or XMP."""
    persons(text, look, file, place)
    look.text(text, file, place)


def persons(text: str, look: Look, file: str, place: str) -> None:
    """The people whom XML in `text` names: ``Experimenter`` of OME, ``UserName`` of microscopes, ``dc:creator``."""
    for experimenter in _OME.finditer(text) if "Experimenter" in text else ():
        for match in _ATTRIBUTE.finditer(experimenter["attributes"]):
            if match["value"].lower() not in _NOBODY:
                where = f"{place}!Experimenter/{match['name']}"
                look.note(file, where, "email" if match["name"] == "Email" else "image-person", match["value"])
    for match in _XML.finditer(text) if "</" in text else ():
        value = match["value"].strip()
        if value.lower() not in _NOBODY and not _SOFTWARE.search(value):
            look.note(file, f"{place}!{match['name']}", "image-person", value)


def _png(stream: IO[bytes], look: Look, file: str, place: str) -> None:
    """The text chunks of a PNG (PNG specification, 11.3.3), which may follow the pixels; these are skipped."""
    stream.seek(len(_PNG))
    while len(start := stream.read(8)) == 8 and not look.late:
        length, kind = int.from_bytes(start[:4], "big"), start[4:]
        if kind not in (b"tEXt", b"zTXt", b"iTXt") or length > MAX_TEXT:
            stream.seek(length + 4, 1)
            continue
        key, _, rest = stream.read(length).partition(b"\0")
        stream.seek(4, 1)
        packed = kind == b"zTXt" or (kind == b"iTXt" and rest[:1] == b"\1")
        value = rest if kind == b"tEXt" else rest[1:] if kind == b"zTXt" else rest[2:].split(b"\0", 2)[-1]
        if packed:
            value = zlib.decompressobj().decompress(value, MAX_TEXT)
        _tag(
            key.decode("latin-1"), value.decode("latin-1" if kind != b"iTXt" else "utf-8", "replace"), look, file, place
        )
    stream.seek(0)


def _pillow(stream: IO[bytes], look: Look, file: str, place: str) -> None:
    """EXIF of PNG and JPEG, and the comments of JPEG. The pixels are not decoded."""
    from PIL import ExifTags, Image

    if stream.read(len(_PNG)) == _PNG:
        _png(stream, look, file, place)
    stream.seek(0)
    with Image.open(stream) as image:
        for name, value in image.info.items() if image.format != "PNG" else ():
            if isinstance(value, str | bytes) and name not in ("icc_profile", "exif"):
                _tag(str(name), value, look, file, place)
        exif = image.getexif()
        for number, value in exif.items():
            _tag(ExifTags.TAGS.get(number, str(number)), value, look, file, place)
        for part in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
            inner = exif.get_ifd(part)
            if part is ExifTags.IFD.GPSInfo and inner:
                look.note(file, f"{place}!GPSInfo", "image-place", "a latitude and a longitude")
            for number, value in inner.items():
                _tag(ExifTags.TAGS.get(number, str(number)), value, look, file, place)
