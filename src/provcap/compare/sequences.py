"""Sequences and what is called in them: FASTA, VCF, BAM. Only as far as their line and record structure goes."""

from __future__ import annotations

import gzip
import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from provcap.compare.comparator import Comparator, Measured, Options, Unmeasured, differs, reading
from provcap.compare.text import read_text
from provcap.model import Measure

MAX_HEADER: Final = 256 << 20
MAX_BYTES: Final = 1 << 40
BLOCK: Final = 1 << 20
#: of VCF 4.3 section 1.4 and what callers add: when and by which command it was made
_WHEN: Final = ("##fileDate", "##source", "##reference=file:", "##GATKCommandLine", "##bcftools_", "##commandline")


def _fasta(place: Path, side: str) -> dict[str, str]:
    """Sequence by header line, however it is wrapped."""
    text = read_text(place, side)
    with reading(side, "FASTA"):
        found: dict[str, str] = {}
        for record in text.lstrip().split("\n>"):
            header, _, sequence = record.removeprefix(">").partition("\n")
            if header in found:
                raise ValueError(f"{header[:60]!r} stands there twice")
            found[header] = "".join(sequence.split())
        if not text.lstrip().startswith(">"):
            raise ValueError("it does not begin with >")
    return found


def _measure_fasta(first: Path, second: Path, _: Options) -> Measured:
    """records_unmatched: headers of one side alone; sequences_differ: those under one header that differ."""
    one, other = _fasta(first, "first"), _fasta(second, "second")
    apart = [name for name in one if name in other and one[name] != other[name]]
    found = (
        Measure("records_unmatched", len(one.keys() ^ other.keys()), about="records"),
        Measure("sequences_differ", len(apart), about="sequences"),
    )
    return Measured(found, f"first in {apart[0][:60]}" if apart else "")


def _vcf(place: Path, side: str) -> tuple[Counter[str], Counter[str]]:
    lines = read_text(place, side).split("\n")
    with reading(side, "VCF"):
        if not lines[0].startswith("##fileformat=VCF"):
            raise ValueError("it does not begin with ##fileformat=VCF")
    header = Counter(line for line in lines if line.startswith("#") and not line.startswith(_WHEN))
    return header, Counter(line for line in lines if line and not line.startswith("#"))


def _measure_vcf(first: Path, second: Path, _: Options) -> Measured:
    """header_lines_differ, without dates and command lines; records_differ: lines of one side alone, in any order."""
    one, other = _vcf(first, "first"), _vcf(second, "second")
    counts = []
    for a, b in zip(one, other, strict=True):
        counts.append(((a - b) + (b - a)).total())
    found = (
        Measure("header_lines_differ", counts[0], about="header"),
        Measure("records_differ", counts[1], about="records"),
    )
    return Measured(found)


def _bam_header(stream: gzip.GzipFile, side: str) -> list[str]:
    """The header's lines but @PG, which say what was run; SAM specification 1.6, section 4.2."""
    with reading(side, "BAM"):
        magic, length = struct.unpack("<4si", stream.read(8))
        if magic != b"BAM\1" or not 0 <= length <= MAX_HEADER:
            raise ValueError("its magic bytes or the length of its header are wrong")
        text = stream.read(length).rstrip(b"\0").decode("utf-8", "surrogateescape")
    return [line for line in text.split("\n") if line and not line.startswith("@PG")]


def _blocks(stream: gzip.GzipFile, side: str) -> Iterator[bytes]:
    total = 0
    with reading(side, "BAM"):
        while block := stream.read(BLOCK):
            total += len(block)
            if total > MAX_BYTES:
                raise Unmeasured(f"more than {MAX_BYTES} bytes when unpacked")
            yield block
    while True:
        yield b""


def _measure_bam(first: Path, second: Path, _: Options) -> Measured:
    """header: its lines but @PG; blocks_differ: MiB of references and alignments, unpacked, that are not the same."""
    with gzip.open(first) as one, gzip.open(second) as other:
        headers = [_bam_header(stream, side) for stream, side in ((one, "first"), (other, "second"))]
        apart = 0
        for a, b in zip(_blocks(one, "first"), _blocks(other, "second"), strict=True):
            if not a and not b:
                break
            apart += a != b
    return Measured((differs("header", "header", *headers), Measure("blocks_differ", apart, "MiB", about="alignments")))


FASTA: Final = Comparator("fasta", lambda s: s.ends(".fa", ".fasta", ".fna", ".faa"), _measure_fasta)
VCF: Final = Comparator("vcf", lambda s: s.ends(".vcf") or s.begins(b"##fileformat=VCF"), _measure_vcf)
BAM: Final = Comparator("bam", lambda s: s.ends(".bam"), _measure_bam)
