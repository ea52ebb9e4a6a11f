"""Claims about `provcap report`: one page that anybody can read, and nothing from a run can make act."""

from __future__ import annotations

import dataclasses
import io
import itertools
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Pictures

from provcap import report
from provcap.cli import main
from provcap.codec import dump_run, dumps, encode
from provcap.model import Assessment, Comparison, Gap, Measure, Run, Verdict
from provcap.report import pictures, wording
from provcap.report.decoder import Decoder
from provcap.report.page import _asset
from provcap.report.pixels import Unreadable
from provcap.report.shelf import Shelf
from provcap.report.unknown import paragraphs
from tests.comparison.files import png16
from tests.conftest import materialise, read_run
from tests.engines import ROOT
from tests.pages import HOSTILE, Reading, hostile, many, pictured

OWN = {
    *"html head meta title style body a header div p h1 h2 h3 h4 span time nav ol ul li main section dl dt dd footer".split(),
    *"script strong em code pre figure figcaption table caption thead tbody tr th td details summary article label".split(),
    *"input button img br svg defs marker path g rect text image".split(),
}
ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def assert_harmless(content: bytes) -> Reading:
    """The page has no element, attribute or address but our own, and no character that acts."""
    page = Reading(content)
    assert {tag for tag, _ in page.elements} <= OWN
    assert page.text_of("script") == [_asset("script.js")]
    assert page.text_of("style") == [_asset("style.css")]
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name in ("style", "srcdoc", "action")]
        for name in ("href", "src"):
            assert re.match(r"#|https?://|data:image/", attributes.get(name, "#")), attributes
        assert tag != "meta" or attributes.get("http-equiv", "") in ("", "Content-Security-Policy")
    assert not ACTING.search(content.decode())
    assert page.misplaced == []
    return page


def test_every_run_has_a_page_in_good_order(any_run: Run) -> None:
    """Of every run: one h1, no level left out, one main, labelled landmarks, unique ids, links that lead somewhere."""
    page = assert_harmless(report.page(any_run))
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert len(page.all("main")) == len(page.all("header")) == len(page.all("footer")) == 1
    assert all(nav.get("aria-label") for nav in page.all("nav"))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.elements:
        for target in (attributes.get("href", "")[1:], attributes.get("aria-labelledby", "")):
            assert not target or attributes.get("href", "#")[0] != "#" or target in ids
    assert page.all("html")[0]["lang"] == "en"
    assert all(image.get("alt") for image in page.all("img"))


def test_the_same_run_gives_the_same_page(tmp_path: Path) -> None:
    """Two pages of one run with one set of files are the same bytes."""
    run = pictured(tmp_path)
    assert report.page(run, tmp_path) == report.page(run, tmp_path)


def test_sentences_are_apart() -> None:
    """What stood already, and what is not known, are told in sentences with a space between them."""
    run = dataclasses.replace(read_run("up-to-date"), gaps=(Gap("workflow-dirty", "run", "untracked files"),))
    assert 'results that were up to date. <a href="#unknown">1 remark</a> says' in report.page(run).decode()


def test_the_policy_lets_nothing_but_our_own_in(any_run: Run) -> None:
    """The Content-Security-Policy starts from none, and has no unsafe or remote source."""
    page = Reading(report.page(any_run))
    policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert not re.search(r"unsafe|https?:|\*", policy)


@pytest.mark.parametrize("payload", HOSTILE)
def test_hostile_texts_are_only_read(payload: str, tmp_path: Path) -> None:
    """Whatever stands in names, logs, parameters and descriptions, the page keeps its own elements."""
    assert_harmless(report.page(hostile(read_run("failed"), lambda: payload)))
    assert_harmless(report.page(hostile(pictured(tmp_path), lambda: payload), tmp_path))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(st.characters())), min_size=1, max_size=6))
def test_no_text_acts_in_the_page(texts: list[str]) -> None:
    """The law behind it: any texts at all, in any places of a run, leave the page's elements and characters ours."""
    turn = itertools.cycle(texts)
    assert_harmless(report.page(hostile(read_run("retried"), lambda: next(turn))))


@given(st.text(st.characters()))
def test_what_is_shown_is_told_from_what_is_hidden(text: str) -> None:
    """`visible` leaves no acting character, keeps all printable ones, and may be applied twice."""
    shown = wording.visible(text)
    assert not ACTING.search(shown)
    assert wording.visible(shown) == shown
    if text.isprintable():
        assert shown == text


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", " https://a.b", "https://a:b@c.d", "//x"]
)
def test_only_plain_web_addresses_become_links(address: str) -> None:
    """What provcap.yaml calls an address is a link only when it is one of the web, without user information."""
    assert wording.web_address(address) is None
    assert wording.web_address("https://ror.org/05gq02987") == "https://ror.org/05gq02987"


def test_images_are_shown_with_what_was_done_to_them(tmp_path: Path) -> None:
    """Thumbnails of TIFF, PNG and SVG; scale bars where the pixel size is known; stretching and colouring told."""
    found = {p.path: p for p in pictures.gallery(pictured(tmp_path), Shelf(tmp_path)).pictures}
    assert set(found) == {"cells.ome.tif", "labels.tif", "imagej.tif", "plot.png", "drawing.svg"}
    cells, labels = found["cells.ome.tif"], found["labels.tif"]
    assert "plane 2 of 3 along Z" in cells.notes
    assert "DAPI, GFP" in cells.notes
    assert "contrast of each stretched" in cells.notes
    assert cells.bar is not None
    assert (cells.bar.text, round(cells.bar.width, 6)) == ("50 µm", 100)  # 0.5 µm a pixel; a quarter of 604 at most
    imagej = found["imagej.tif"].bar
    assert imagej is not None
    assert (imagej.text, round(imagej.width, 6)) == ("2 µm", 8)  # four pixels per micron
    assert "2 numbers, each in a colour of its own" in labels.notes
    assert "pixel size is not given" in labels.notes
    assert "stretched" not in found["plot.png"].notes + found["imagej.tif"].notes
    assert all(p.address.startswith("data:image/") for p in found.values())


def test_only_what_the_run_made_is_shown(tmp_path: Path) -> None:
    """A file that changed, vanished, leads outside or is a link out is named with the reason, and not read."""
    run = pictured(tmp_path)
    (tmp_path / "plot.png").write_bytes((tmp_path / "plot.png").read_bytes() + b"\n")
    (tmp_path / "labels.tif").unlink()
    outside = tmp_path.parent / f"{tmp_path.name}.tif"
    (tmp_path / "imagej.tif").rename(outside)
    (tmp_path / "imagej.tif").symlink_to(outside)
    job = run.jobs[0]
    up = dataclasses.replace(job.outputs[0], path="../x.tif")
    run = dataclasses.replace(run, jobs=(dataclasses.replace(job, outputs=(*job.outputs, up)), run.jobs[1]))
    found = pictures.gallery(run, Shelf(tmp_path))
    assert {p.path for p in found.pictures} == {"cells.ome.tif", "drawing.svg"}
    reasons = dict(found.left_out)
    assert reasons["plot.png"] == "it is no longer what the run made"
    assert reasons["labels.tif"] == reasons["imagej.tif"] == "it is not there any more, or cannot be read"
    assert reasons["../x.tif"] == "it lies outside of the work directory"


def test_a_file_that_breaks_its_decoder_costs_its_own_picture(tmp_path: Path) -> None:
    """Bytes that are no image, and one that claims to be immense, are left out; the next image is shown."""
    (tmp_path / "good").mkdir()
    pictured(tmp_path / "good")
    good = (tmp_path / "good/plot.png").read_bytes()
    huge = good[:16] + (60_000).to_bytes(4, "big") * 2 + good[24:]  # width and height of IHDR
    with Decoder() as decoder:
        for data, suffix in ((b"no image", ".png"), (b"II*\0\xff\xff\xff\xff", ".tif"), (huge, ".png"), (b"", ".tif")):
            with pytest.raises(Unreadable):
                decoder.thumbnail(data, suffix, 100, False)
        assert decoder.thumbnail(good, ".png", 100, False).width == 100


def test_a_picture_that_was_cut_says_so() -> None:
    """A PNG with 16 bits a colour is shown with a note that its values were cut; one with 8 has none."""
    with Decoder() as decoder:
        deep = decoder.thumbnail(png16(2, np.full((4, 4, 3), 0x1234)), ".png", 100, False)
        grey = decoder.thumbnail(png16(0, np.full((4, 4, 1), 0x1234)), ".png", 100, False)
    assert "values cut from 16 to 8 bits" in deep.notes
    assert not any("cut" in note for note in grey.notes)


def tiff(array: np.ndarray, **how: Any) -> bytes:
    """A TIFF of `array` that tifffile writes with `how`."""
    stream = io.BytesIO()
    tifffile.imwrite(stream, array, **how)
    return stream.getvalue()


def png(image: Pictures.Image, **how: Any) -> bytes:
    """A PNG of `image` that Pillow writes with `how`."""
    stream = io.BytesIO()
    image.save(stream, "PNG", **how)
    return stream.getvalue()


def drawn(data: bytes, suffix: str = ".tif", label: bool = False) -> tuple[np.ndarray, str]:
    """The pixels of the small picture of `data`, and what it says."""
    with Decoder() as decoder:
        small = decoder.thumbnail(data, suffix, 100, label)
    return np.asarray(Pictures.open(io.BytesIO(small.data))), "; ".join(small.notes)


RAMP = np.arange(0, 240, dtype="uint8").reshape(12, 20)


@pytest.mark.parametrize("samples", [2, 3, 4, 5])
def test_samples_that_are_no_colours_stand_side_by_side(samples: int) -> None:
    """A TIFF that keeps its channels together and calls them grey shows up to four of them, each grey, and says so."""
    channels = np.stack([RAMP + 3 * n for n in range(samples)], -1)
    pixels, said = drawn(tiff(channels, photometric="minisblack", planarconfig="contig", metadata=None))
    shown = min(samples, 4)
    assert pixels.shape == (12, 24 * shown - 4)
    assert all((pixels[:, 24 * n : 24 * n + 20] == channels[..., n]).all() for n in range(shown))
    assert f"channels 1 to {shown} of {samples}, from left to right" in said


@pytest.mark.parametrize(
    ("extra", "told"), [("unassalpha", "transparency"), ("unspecified", "samples besides red, green and blue")]
)
def test_colours_are_shown_where_the_file_says_so(extra: str, told: str) -> None:
    """Red, green and blue are drawn as such; what stands beside them is left out, and that is told."""
    colours = np.stack([RAMP, RAMP // 2, 255 - RAMP, RAMP], -1)
    pixels, said = drawn(tiff(colours, photometric="rgb", extrasamples=[extra]))
    assert (pixels == colours[..., :3]).all()
    assert f"{told} left out" in said
    pixels, said = drawn(tiff(colours[..., :3], photometric="rgb"))
    assert (pixels == colours[..., :3]).all()
    assert "left out" not in said
    assert "values of SEPARATED, not turned into colours" in drawn(tiff(colours, photometric="separated"))[1]


def test_white_is_zero_where_the_file_says_so() -> None:
    """A TIFF in which 0 is white is no negative, in 8 and in 16 bits; the range goes from black to white."""
    pixels, said = drawn(tiff(RAMP, photometric="miniswhite"))
    assert (pixels == 255 - RAMP).all()
    assert "0 is white" in said
    pixels, said = drawn(tiff(RAMP.astype("uint16") * 10, photometric="miniswhite"))
    assert (pixels[0, 0], pixels[-1, -1]) == (255, 0)
    assert "from black to white: 2378 to 11.95" in said
    assert "0 is white" not in drawn(tiff(RAMP, photometric="minisblack"))[1]


@pytest.mark.parametrize("label", [False, True])
def test_a_palette_is_used(label: bool) -> None:
    """The numbers of a TIFF with a palette have its colours, in a label image, too."""
    palette = np.random.default_rng(2).integers(0, 65536, (3, 256)).astype("uint16")
    pixels, said = drawn(tiff(RAMP, photometric="palette", colormap=palette), label=label)
    assert (pixels == (palette >> 8).T[RAMP]).all()
    assert "in the colours of its palette" in said


@pytest.mark.parametrize("deep", [False, True])
def test_labels_in_a_png_have_colours(deep: bool) -> None:
    """Of 8 bits and of 16; a picture that is not called a label image stays as it is."""
    labels = np.zeros((12, 20), "uint16" if deep else "uint8")
    labels[2:5], labels[6:9] = 1, 2
    data = png(Pictures.fromarray(labels))
    pixels, said = drawn(data, ".png", label=True)
    assert "a label image: 2 numbers, each in a colour of its own, 0 black" in said
    assert len({tuple(pixel) for pixel in pixels.reshape(-1, 3)}) == 3
    assert drawn(data, ".png")[0].shape == (12, 20)


def test_transparency_is_told() -> None:
    """Where a PNG is transparent the page draws white and says so; a PNG that covers everything says nothing."""
    colours = np.full((12, 20, 4), 255, "uint8")
    colours[..., 0] = 9
    assert "transparent" not in drawn(png(Pictures.fromarray(colours)), ".png")[1]
    colours[0, 0, 3] = 0
    clear, said = drawn(png(Pictures.fromarray(colours)), ".png")
    assert clear[0, 0].tolist() == [255, 255, 255]
    assert "white where it is transparent" in said
    keyed, said = drawn(png(Pictures.fromarray(colours[..., :3]), transparency=(9, 255, 255)), ".png")
    assert keyed[0, 0].tolist() == [255, 255, 255]
    assert "white where it is transparent" in said


def test_the_limit_of_pictures_is_told(tmp_path: Path) -> None:
    """A step with more images than are looked at: the page says how many of each step it looks at, and only then."""
    run = pictured(tmp_path)
    assert "are looked at" not in report.page(run, tmp_path).decode()
    plot = next(a for a in run.jobs[0].outputs if a.path == "plot.png")
    more = tuple(dataclasses.replace(plot, path=f"more{n}.png") for n in range(2))
    for artifact in more:
        (tmp_path / artifact.path).write_bytes((tmp_path / "plot.png").read_bytes())
    job = dataclasses.replace(run.jobs[0], outputs=(*run.jobs[0].outputs, *more))
    page = report.page(dataclasses.replace(run, jobs=(job, *run.jobs[1:])), tmp_path).decode()
    assert (
        "6 of 7 image files that the run made: at most 6 results and 3 other images of each step are looked at, "
        "48 in all, and 24 are shown." in page
    )


def test_only_steps_that_ran_are_counted() -> None:
    """A step whose results were all up to date is none that Snakemake ran."""
    run = read_run("succeeded")
    first, second = run.jobs
    page = report.page(dataclasses.replace(run, jobs=(dataclasses.replace(first, status="up_to_date"), second)))
    assert first.rule != second.rule
    assert "Snakemake ran 1 job of 1 step," in re.sub(r"\s+", " ", page.decode())


def test_tables_and_texts_are_shown_in_part(tmp_path: Path) -> None:
    """The first rows of a table stand in the page and the rest is counted; small texts stand there whole."""
    page = Reading(report.page(pictured(tmp_path), tmp_path))
    assert "<b>n0</b>" in page.text_of("td")
    assert "<b>n8</b>" not in page.text_of("td")
    assert "the first 8 of 30 rows" in page.text_of("span")
    assert any(text.startswith("</pre><script>") and "⟨U+0000⟩" in text for text in page.text_of("pre"))


def test_without_libraries_or_files_the_page_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Pillow or tifffile cannot be imported, or the files are gone, the reasons stand in place of pictures."""
    run = pictured(tmp_path)
    (tmp_path / "broken").mkdir()
    for name in ("PIL", "tifffile"):
        (tmp_path / f"broken/{name}.py").write_text(f"raise ImportError(name={name!r})\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "broken"))
    found = pictures.gallery(run, Shelf(tmp_path))
    assert {p.path for p in found.pictures} == {"drawing.svg"}
    assert dict(found.left_out)["plot.png"] == "PIL is not installed"
    assert "none can be shown here" in report.page(run).decode()


def test_every_gap_has_its_paragraph(any_run: Run) -> None:
    """The paragraphs are those of docs/messages.md, in the package too; the page has one for each gap of every run."""
    assert (ROOT / "src/provcap/report/explanations.txt").read_text() == (ROOT / "docs/messages.md").read_text()
    assert {gap.slug for gap in any_run.gaps} <= set(paragraphs())
    assert paragraphs()["unseeded-randomness"].startswith("The job drew numbers that no seed determines.")
    assert paragraphs()["input-vanished"] == "It is gone."


def test_a_run_of_ten_thousand_jobs_has_a_usable_page() -> None:
    """10 000 jobs, each with a gap and a ledger: at most 5 MB, in at most 10 s of processor time; also when they are of 2000 rules."""
    for rules in (10, 2000):
        run = many(10_000, rules)
        begun = time.process_time()
        page = report.page(run)
        assert time.process_time() - begun < 10
        assert len(page) < 5_000_000
        assert_harmless(page)


def test_comparison_is_shown_when_given(tmp_path: Path) -> None:
    """--compare FILE.json puts verdicts, reasons and measures into the page; a file that is none is refused."""
    verdict = Verdict(
        "out.tif", "different", "image", (Measure("psnr", 31.5, "dB", "larger", limit=40.0),), "too far <i>"
    )
    comparison = Comparison("first", "second", (verdict,))
    (tmp_path / "comparison.json").write_text(dumps(encode(comparison)))
    (tmp_path / "run.json").write_text(dump_run(read_run("succeeded")))
    target = tmp_path / "page.html"
    command = ["report", str(tmp_path), "-o", str(target), "--compare", str(tmp_path / "comparison.json")]
    assert main(command) == 0
    page = Reading(target.read_bytes())
    assert "psnr = 31.5 dB " in page.text_of("td")
    assert "too far <i>" in page.text_of("td")
    (tmp_path / "comparison.json").write_text("[1]")
    target.unlink()
    assert main(command) == 2
    assert not target.exists()


def test_difference_from_another_run_is_shown(tmp_path: Path) -> None:
    """--against RUN says at which step the results part and what differs there, as text and never as markup."""
    first = read_run("succeeded")
    changed = next(j for j in first.jobs if j.status == "succeeded" and j.outputs and j.outputs[0].digest)
    outputs = tuple(dataclasses.replace(a, digest="sha256:" + "0" * 64) for a in changed.outputs)
    other = dataclasses.replace(changed, params={**changed.params, "sigma": "<b>9</b>"}, outputs=outputs)
    jobs = tuple(other if job.id == changed.id else job for job in first.jobs)
    for name, run in (("first", first), ("second", dataclasses.replace(first, id="another", jobs=jobs))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text(dump_run(run))
    target = tmp_path / "page.html"
    assert main(["report", str(tmp_path / "second"), "-o", str(target), "--against", str(tmp_path / "first")]) == 0
    page = Reading(target.read_bytes())
    assert "Why it differs" in page.text_of("h2")
    assert "<b>9</b>" in page.text_of("td")
    assert_harmless(target.read_bytes())


def test_a_rerun_shows_its_verdicts() -> None:
    """The page of a run that repeats another has the verdicts on its results, against the run that it repeats."""
    run = read_run("succeeded")
    assert "Verdicts" not in report.page(run).decode()
    found = (
        Assessment(Verdict("results/a.tif", "equivalent", "image", reason="within the limits"), limits="sha256:1"),
    )
    page = Reading(report.page(dataclasses.replace(run, rerun_of="the-first", assessments=found)))
    assert "within the limits" in "".join(page.text_of("td"))
    assert {"the-first", "results/a.tif", "sha256:1"} <= set(page.text_of("code"))


def test_report_does_not_overwrite(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An existing file is kept, and the message says so."""
    (tmp_path / "run.json").write_text(dump_run(read_run("succeeded")))
    (tmp_path / "page.html").write_text("mine")
    assert main(["report", str(tmp_path), "-o", str(tmp_path / "page.html")]) == 2
    assert (tmp_path / "page.html").read_text() == "mine"
    assert "[target-exists]" in capsys.readouterr().err


def test_the_crate_has_the_page(tmp_path: Path) -> None:
    """ro-crate-preview.html is the page; it is no part of the data, and the check stays without findings on it."""
    from provcap import bioimage, bundle
    from provcap.check import check

    run = read_run("succeeded")
    workdir = materialise(run, tmp_path / "work")
    bundle.write_crate(run, workdir, tmp_path / "crate")
    page = (tmp_path / "crate/ro-crate-preview.html").read_bytes()
    assert page == report.page(bioimage.described(run, workdir), workdir)
    text = (tmp_path / "crate/ro-crate-metadata.json").read_text()
    assert '"@id": "ro-crate-preview.html", "@type": "CreativeWork", "about": {"@id": "./"}' in text
    assert text.count("ro-crate-preview.html") == 1
    assert [f for f in check(tmp_path / "crate").findings if "preview" in f.message + f.subject] == []


def test_a_page_can_be_made_from_a_zip(tmp_path: Path) -> None:
    """Pictures come out of a packed crate as they come from the directory."""
    from provcap import bundle

    (tmp_path / "work").mkdir()
    run = pictured(tmp_path / "work")
    bundle.write_crate(run, tmp_path / "work", tmp_path / "crate.zip")
    assert report.page(run, tmp_path / "crate.zip") == report.page(run, tmp_path / "work")


def _luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2, "relative luminance")."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_have_the_contrast_of_wcag_aa(scheme: int) -> None:
    """Text has at least 4.5 to 1 on every ground that it stands on (WCAG 2.2, 1.4.3), boxes 3 to 1 (1.4.11)."""
    blocks = re.findall(r":root \{(.*?)\}", _asset("style.css"), re.S)
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", blocks[scheme]))

    def contrast(one: str, other: str) -> float:
        dark, light = sorted((_luminance(colours[one]), _luminance(colours[other])))
        return (light + 0.05) / (dark + 0.05)

    grounds = ("paper", "card", "code", "step", "good-card", "bad-card", "warn-card")
    pairs = [(text, ground) for text in ("ink", "soft") for ground in grounds]
    pairs += [(text, ground) for text in ("accent", "good", "bad", "warn") for ground in ("paper", "card")]
    pairs += [("good", "good-card"), ("bad", "bad-card"), ("warn", "warn-card")]
    assert [pair for pair in pairs if contrast(*pair) < 4.5] == []
    assert [line for line in ("step-line", "good", "bad", "warn", "soft", "arrow") if contrast(line, "card") < 3] == []
