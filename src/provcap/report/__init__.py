"""Run → a page to read (one HTML file that needs nothing else), and the Materials-and-Methods text."""

from provcap.report.methods import LANGUAGES, methods
from provcap.report.page import page

__all__ = ["LANGUAGES", "methods", "page"]
