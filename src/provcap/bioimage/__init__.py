"""What the image files of a run say of how they were acquired."""

from provcap.bioimage.acquiring import images, metadata, paths
from provcap.bioimage.depending import statement
from provcap.bioimage.describing import described
from provcap.bioimage.facts import facts
from provcap.bioimage.qualities import measured, sources

__all__ = ["described", "facts", "images", "measured", "metadata", "paths", "sources", "statement"]
