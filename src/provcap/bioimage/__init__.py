"""What the image files of a run say of how they were acquired."""

from provcap.bioimage.acquiring import acquired, images, metadata, paths

__all__ = ["acquired", "images", "metadata", "paths"]
