"""Numbers and columns for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def counted(number: int, noun: str) -> str:
    """A number and its noun, which takes an s in the plural."""
    return f"{number} {noun}{'s' * (number != 1)}"


def line(text: str) -> str:
    """`text` on one line, without what could steer a terminal: names in a crate may be anybody's."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def screen(text: str) -> str:
    """The lines of `text`, without what could steer a terminal."""
    return text if text.isprintable() else "\n".join("\t".join(map(line, t.split("\t"))) for t in text.split("\n"))


def table(rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Aligned columns; those whose numbers are in `right` are flush right."""
    cells = [list(row) for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))] if cells else []
    lines = []
    for row in cells:
        parts = [c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))]
        lines.append("  ".join(parts).rstrip())
    return "\n".join(lines)


def seconds(value: float | None) -> str:
    """A duration as a person says it."""
    if value is None:
        return "?"
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def size(value: int | None) -> str:
    """Bytes in binary units."""
    if value is None:
        return "?"
    amount = float(value)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if amount < 1024 or unit == "TiB":
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    raise AssertionError
