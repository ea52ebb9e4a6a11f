"""The lineage of an image inside the image: OME-TIFF and OME-Zarr, nothing of their pixels touched.

What is put in can be taken out again, byte for byte: the annotation says how, and the digest of what is left is that
of the file as its job made it. So no note has to be believed.
"""

from provcap.embed.annotation import FORMAT, KEY, Carried, Left, Placed, commit
from provcap.embed.image import Found, is_image, look, recorded, write
from provcap.embed.notes import forget, known_as, note, notes

__all__ = [
    "FORMAT",
    "KEY",
    "Carried",
    "Found",
    "Left",
    "Placed",
    "commit",
    "forget",
    "is_image",
    "known_as",
    "look",
    "note",
    "notes",
    "recorded",
    "write",
]
