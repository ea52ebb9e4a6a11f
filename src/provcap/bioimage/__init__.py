"""What the image files of a run say of how they were acquired."""

from provcap.bioimage.acquiring import acquired, images, metadata, paths
from provcap.bioimage.facts import facts

__all__ = ["acquired", "facts", "images", "metadata", "paths"]
