"""Claims about the page in a real browser, Chromium: it reads well on a desk and on a phone, and nothing acts in it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from provcap import report
from provcap.model import Run
from tests.conftest import read_run
from tests.pages import HOSTILE, hostile, many, pictured

pytestmark = pytest.mark.chromium
WIDTHS = (1280, 390)


@dataclass
class Opened:
    """A page in the browser, and what it said and asked for."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


Open = Callable[..., Opened]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
        found = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        yield found
        found.close()


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Write the page of a run to a file and open it from there; all that went wrong is gathered."""
    contexts = []

    def show(run: Run, place: Path | None = None, width: int = 1280, **options: Any) -> Opened:
        (tmp_path / "page.html").write_bytes(report.page(run, place))
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        found = Opened(context.new_page())
        found.page.on("console", lambda message: found.said.append(message.text))
        found.page.on("pageerror", lambda error: found.said.append(str(error)))
        found.page.on("dialog", lambda dialog: found.said.append(dialog.message))
        found.page.on("request", lambda request: found.asked.append(request.url))
        found.page.goto((tmp_path / "page.html").as_uri())
        return found

    yield show
    for context in contexts:
        context.close()


def assert_calm(found: Opened) -> None:
    """Nothing ran, nothing was said, nothing was asked of anybody, nothing sticks out at the side."""
    assert found.said == []
    assert [url for url in found.asked if not url.startswith("data:image/")] == [found.page.url.split("#")[0]]
    assert found.page.evaluate("window.hacked") is None
    assert found.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_every_run_reads_on_a_desk_and_on_a_phone(any_run: Run, opened: Open) -> None:
    """Of every run: no message, no request, no scrolling sideways at either width."""
    found = opened(any_run)
    for width in WIDTHS:
        found.page.set_viewport_size({"width": width, "height": 900})
        assert_calm(found)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures_are_seen(opened: Open, tmp_path: Path, width: int, scheme: str) -> None:
    """All images are decoded by the browser, within the width of the screen; so is the screenshot, light and dark."""
    found = opened(pictured(tmp_path), tmp_path, width, color_scheme=scheme)
    assert_calm(found)
    images = found.page.locator("img.picture")
    assert images.count() == 3
    assert images.evaluate_all("all => all.every(i => i.complete && i.naturalWidth > 0 && i.width <= innerWidth)")
    assert found.page.locator("svg.picture image").count() == 2
    shot = found.page.screenshot(path=tmp_path / "shot.png", full_page=True)
    assert int.from_bytes(shot[16:20], "big") == width


@pytest.mark.parametrize("texts", [HOSTILE, ("".join(HOSTILE),)], ids=["one after the other", "all at once"])
def test_hostile_texts_do_not_run(opened: Open, tmp_path: Path, texts: tuple[str, ...]) -> None:
    """Names, logs, parameters, tables and drawings full of script: none runs, none is even stopped by the policy."""
    turn = itertools.cycle(texts)
    found = opened(hostile(pictured(tmp_path), lambda: next(turn)), tmp_path)
    for summary in found.page.locator("summary").all():
        summary.click()
    found.page.wait_for_timeout(50)
    assert_calm(found)


def test_the_policy_would_stop_a_script(opened: Open, tmp_path: Path, browser: Browser) -> None:
    """Were a text to get in unescaped, the policy would keep it from running and from asking the network."""
    page = report.page(read_run("succeeded")).replace(
        b"<footer",
        b"<img src=https://evil.invalid/x.png onerror=window.hacked=1><script>window.hacked=1</script><footer",
    )
    (tmp_path / "hit.html").write_bytes(page)
    found = browser.new_page()
    found.goto((tmp_path / "hit.html").as_uri())
    assert found.evaluate("window.hacked") is None
    found.close()


def test_the_keyboard_reaches_everything(opened: Open, tmp_path: Path) -> None:
    """Tab goes from the skip link through every link, button and list that opens; each can be seen to be focused."""
    found = opened(pictured(tmp_path), tmp_path).page
    found.keyboard.press("Tab")
    assert found.evaluate("document.activeElement.className") == "skip"
    assert found.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    wanted = found.evaluate(
        """() => { const all = [...document.querySelectorAll('a[href],button,summary,[tabindex="0"],input')]
          .filter(e => e.checkVisibility()); all.forEach((e, n) => { e.dataset.stop = n; }); return all.length; }"""
    )
    seen = set()
    for _ in range(wanted + 5):
        stop, outlined = found.evaluate(
            """() => { const e = document.activeElement, s = getComputedStyle(e);
              const box = e.querySelector?.('.box');
              return [e.dataset.stop, s.outlineStyle !== 'none' || (box && parseFloat(getComputedStyle(box).strokeWidth) > 3)]; }"""
        )
        if stop is not None:
            assert outlined, stop
            seen.add(stop)
        found.keyboard.press("Tab")
    assert len(seen) == wanted
    found.keyboard.press("Home")
    found.locator("a.skip").focus()
    found.keyboard.press("Enter")
    assert found.evaluate("document.activeElement.id") == "main"


def test_the_drawing_grows_and_a_list_is_searched(opened: Open) -> None:
    """Larger, Smaller and Fit change the drawing alone; the search hides rows and says how many are left."""
    found = opened(many(300, 20), width=1280)
    graph, page = found.page.locator("#graph"), found.page
    before = graph.bounding_box()
    page.get_by_role("button", name="Larger").click()
    page.get_by_role("button", name="Larger").click()
    grown = graph.bounding_box()
    assert before is not None
    assert grown is not None
    assert grown["width"] > 1.4 * before["width"]
    page.get_by_role("button", name="Fit").click()
    after = graph.bounding_box()
    assert after is not None
    assert after["width"] == before["width"]
    page.get_by_label("Show only steps with").fill("RULE_7")
    assert page.locator("#step-table tbody tr:visible").count() == 1
    assert page.get_by_role("status").first.text_content() == "1 of 20"
    page.locator("#step-table tbody tr:visible a").click()
    assert page.locator("#step-8").get_attribute("open") is not None
    assert_calm(found)


def test_without_script_all_is_there(opened: Open, tmp_path: Path) -> None:
    """With script switched off the page has every text and picture, and shows no control that would do nothing."""
    found = opened(pictured(tmp_path), tmp_path, java_script_enabled=False)
    assert found.page.locator("button:visible, input:visible").count() == 0
    assert found.page.locator("#graph").is_visible()
    assert found.page.get_by_role("heading", name="Methods text").is_visible()
    found.page.locator("#step-1 summary").click()
    assert found.page.get_by_text("Measure, and draw.").is_visible()


def test_paper_has_what_the_screen_hides(opened: Open, tmp_path: Path) -> None:
    """A print has the closed lists opened, and no navigation."""
    from pypdf import PdfReader

    found = opened(pictured(tmp_path), tmp_path).page
    found.pdf(path=tmp_path / "page.pdf")
    text = " ".join(page.extract_text() for page in PdfReader(tmp_path / "page.pdf").pages)
    assert "Measure, and draw." in text
    assert "Skip to the content" not in text


def test_a_screen_reader_gets_names_for_everything(opened: Open, tmp_path: Path) -> None:
    """In the accessibility tree every link, button, image and region has a name, and steps are told in words."""
    found = opened(pictured(tmp_path), tmp_path).page
    tree = found.locator("body").aria_snapshot()
    for role in ("link", "button", "img", "region", "navigation"):
        lines = [line.strip() for line in tree.splitlines() if line.strip().startswith(f"- {role}")]
        assert lines, role
        assert [line for line in lines if '"' not in line] == [], role
    assert "Rule measure_and_draw" in tree


def test_ten_thousand_jobs_are_usable(opened: Open) -> None:
    """The page of 10 000 jobs loads in at most ten seconds and stays within the screen of a phone."""
    found = opened(many(10_000, 40), width=390)
    assert_calm(found)
    assert found.page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd") < 10_000
