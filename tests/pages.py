"""A run with real image and table files, one full of hostile texts, and a reader of pages."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from PIL import Image as Pictures

from provcap import digest
from provcap.model import About, Agent, Artifact, Draw, Gap, Job, Organization, Run, Source, Step, Usage, Workflow
from tests.conftest import read_run

HOSTILE = (
    "<script>window.hacked=1</script>",
    "</script><script>window.hacked=1</script>",
    "</style></title></textarea><img src=x onerror=window.hacked=1>",
    '" onmouseover=window.hacked=1 autofocus onfocus=window.hacked=1 x="',
    "' onclick='window.hacked=1",
    "<svg onload=window.hacked=1><animate onbegin=window.hacked=1>",
    "javascript:window.hacked=1//",
    "{{ 7 * 7 }}{% include 'page.html' %}",
    "<!-- --><![CDATA[<iframe srcdoc='<script>parent.hacked=1</script>'>]]>",
    "a\x00b\x1b[31m\u202egnp.exe\u2066\u200b\ufeff\udcff\ud800",
    "<base href=https://evil.invalid/><meta http-equiv=refresh content=0;url=https://evil.invalid/>",
    "&lt;script&gt;window.hacked=1&lt;/script&gt;",
)


def hostile(value: Any, text: Callable[[], str]) -> Any:
    """`value` with every text in it replaced, but those that have a form: times, states, kinds, digests."""
    kept = {"status", "kind", "started", "ended", "id", "run", "role", "digest", "manager", "direction", "rule"}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = {
            f.name: hostile(getattr(value, f.name), text)
            for f in dataclasses.fields(value)
            if f.name not in kept or (f.name == "rule" and isinstance(value, Step | Job))
        }
        return dataclasses.replace(value, **changed)
    if isinstance(value, str):
        return f"{text()}{value}"
    if isinstance(value, tuple):
        return tuple(hostile(item, text) for item in value)
    if isinstance(value, dict):
        return {hostile(key, text): hostile(item, text) for key, item in value.items()}
    return value


def pictured(workdir: Path) -> Run:
    """A run whose outputs are real files in `workdir`: OME-TIFF, labels, ImageJ, PNG, SVG, tables and texts."""
    made = [_written(workdir, name) for name in _write_files(workdir)]
    jobs = (
        _job("image", "measure_and_draw", made, 0),
        dataclasses.replace(_job("late", "check <b>all</b>", [], 30), status="failed", error="no & never", attempt=2),
    )
    return Run(
        "20261121T090000-0001",
        "failed",
        str(workdir),
        Workflow("workflow/Snakefile", (Source("workflow/Snakefile", "sha256:" + "a" * 64, 9, "snakefile", "/w/S"),)),
        "2026-11-21T09:00:00.000+00:00",
        ended="2026-11-21T09:01:00.000+00:00",
        command=("snakemake", "--config", "note=two words"),
        snakemake_version="9.27.1",
        steps=(Step("measure_and_draw", "workflow/Snakefile", 3, "Measure, and draw."),),
        jobs=jobs,
        about=About("A run with pictures", license="CC-BY-4.0", authors=(_author(),)),
        gaps=(Gap("unseeded-randomness", "job:image", "nobody seeded numpy.random"),),
    )


def _author() -> Agent:
    return Agent("Josiah Carberry", "https://orcid.org/0000-0002-1825-0097", Organization("Brown University"))


def _job(name: str, rule: str, made: list[Artifact], second: int) -> Job:
    return Job(
        name,
        "20261121T090000-0001",
        rule,
        "succeeded",
        outputs=tuple(made),
        randomness=(Draw("numpy.random", "unseeded", "1", "draw.py:3"),),
        params={"sigma": 1.5},
        started=f"2026-11-21T09:00:{second:02}.000+00:00",
        ended=f"2026-11-21T09:00:{second + 20:02}.000+00:00",
        usage=Usage(wall_s=20.0, max_rss_bytes=10**8),
        log_tail="last words\n<i>of it</i>",
    )


def _write_files(workdir: Path) -> list[str]:
    rng = np.random.default_rng(1)
    tifffile.imwrite(
        workdir / "cells.ome.tif",
        rng.integers(100, 4000, (2, 3, 200, 300)).astype("uint16"),
        ome=True,
        metadata={
            "axes": "CZYX",
            "PhysicalSizeX": 0.5,
            "PhysicalSizeXUnit": "µm",
            "Channel": {"Name": ["DAPI", "GFP"]},
        },
    )
    labels = np.zeros((200, 300), "uint16")
    labels[20:60, 20:80], labels[100:150, 100:200] = 1, 700
    tifffile.imwrite(workdir / "labels.tif", labels, compression="zlib")
    tifffile.imwrite(
        workdir / "imagej.tif",
        rng.integers(0, 255, (64, 64)).astype("uint8"),
        imagej=True,
        resolution=(4, 4),
        metadata={"unit": "micron"},
    )
    Pictures.fromarray(rng.integers(0, 255, (90, 120, 3)).astype("uint8")).save(workdir / "plot.png")
    (workdir / "drawing.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40" onload="window.hacked=1">'
        '<script>window.hacked=1;fetch("https://evil.invalid/")</script><image href="https://evil.invalid/x.png"/>'
        '<circle cx="20" cy="20" r="15" fill="teal"/></svg>'
    )
    (workdir / "table.csv").write_text("name,value\n" + "".join(f"<b>n{n}</b>,{n}.5\n" for n in range(30)))
    (workdir / "words.txt").write_text("</pre><script>window.hacked=1</script>\x00\n")
    return ["cells.ome.tif", "labels.tif", "imagej.tif", "plot.png", "drawing.svg", "table.csv", "words.txt"]


def _written(workdir: Path, name: str) -> Artifact:
    path = workdir / name
    return Artifact(name, digest=digest.of_bytes(path.read_bytes()), size_bytes=path.stat().st_size)


def many(jobs: int, rules: int) -> Run:
    """A run of `jobs` jobs of `rules` rules in a row, some of which failed, each with a gap."""
    found, gaps = [], []
    for number in range(jobs):
        rule, sample = number % rules, number // rules
        at = f"2026-11-21T09:{number // 60 % 60:02}:{number % 60:02}"
        found.append(
            Job(
                f"j{number:06}",
                "r",
                f"rule_{rule}",
                "failed" if number % 97 == 0 else "succeeded",
                wildcards={"sample": f"S{sample}"},
                params={"threshold": sample, "sigma": 0.5},
                inputs=(Artifact(f"work/{rule}/{sample}.tif", digest=f"sha256:{number:064x}", size_bytes=1000),),
                outputs=(Artifact(f"work/{rule + 1}/{sample}.tif", digest=f"sha256:{number:064x}", size_bytes=1000),),
                randomness=(Draw("numpy.random", "unseeded", str(number), f"fit.py:{rule}"),),
                started=f"{at}.000+00:00",
                ended=f"{at}.900+00:00",
                usage=Usage(wall_s=0.9, max_rss_bytes=1_000_000 + number),
                log_tail="the end of a log\n" * 30,
            )
        )
        gaps.append(Gap("unseeded-randomness", f"job:j{number:06}", f"nobody seeded number {number}"))
    return dataclasses.replace(
        read_run("minimal"), status="failed", jobs=tuple(found), gaps=tuple(gaps), ended="2026-11-21T12:00:00.000+00:00"
    )


VOID = {"meta", "img", "br", "input", "link", "base"}


class Reading(HTMLParser):
    """The elements of a page, in order, with the text that each directly holds."""

    def __init__(self, content: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[list[str]] = []
        self._open: list[int] = []
        self.misplaced: list[str] = []
        self.feed(content.decode("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self.texts.append([])
        if tag not in VOID:
            self._open.append(len(self.elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self.elements[self._open[-1]][0] != tag:
            self.misplaced.append(tag)
        else:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[self._open[-1]].append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        """The attributes of each element called `tag`."""
        return [attributes for name, attributes in self.elements if name == tag]

    def text_of(self, tag: str) -> list[str]:
        """The text that each element called `tag` directly holds."""
        return ["".join(text) for (name, _), text in zip(self.elements, self.texts, strict=True) if name == tag]
