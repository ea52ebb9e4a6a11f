"""The pictures of docs/bioimaging.md, from the page in a crate: ``python docs/pictures/draw.py demo/nuclei.crate.zip``.

They are sections of the page as Chromium shows them, so they look as the page does. Needs Chromium, and playwright.
"""

from __future__ import annotations

import argparse
import tempfile
import zipfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
PAGE = "ro-crate-preview.html"
SECTIONS = {
    "images": 700,
    "quality": 620,
    "study": 900,
    "models": 620,
    "dependence": 620,
}  #: ids in the page, and how many pixels from its top a picture has at most
WIDTH = 1180  #: pixels of the window


def draw(crate: Path) -> None:
    """Write the picture of each section that the page in `crate` has."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        with zipfile.ZipFile(crate) as packed:
            page_file = packed.extract(PAGE, folder)
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        page = browser.new_page(viewport={"width": WIDTH, "height": 1000})
        page.goto(Path(page_file).as_uri())
        for name, height in SECTIONS.items():
            section = page.locator(f"section#{name}")
            if section.count() == 0:
                print(f"{crate} has no section {name}")
                continue
            section.scroll_into_view_if_needed()
            shot = Path(folder, f"{name}.png")
            section.screenshot(path=shot)
            with Image.open(shot) as picture:
                small = picture.crop((0, 0, picture.width, min(height, picture.height)))
                small.convert("P", palette=Image.Palette.ADAPTIVE, colors=128).save(HERE / f"{name}.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="The pictures of docs/bioimaging.md.")
    parser.add_argument("crate", type=Path)
    draw(parser.parse_args().crate)
