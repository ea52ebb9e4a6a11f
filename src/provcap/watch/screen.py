"""A Snapshot for a terminal: a picture of rich, or plain lines.

Names of rules, errors and the ends of logs are whatever a workflow wrote: control characters would move the cursor or
worse, so each is shown by its escape, and nothing is ever read as rich's markup.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from provcap.summary.columns import line, seconds, size
from provcap.watch.state import STATES, Failure, Snapshot

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

WIDEST = 200  #: characters of one line of a log or error
MOST_ROWS = 15
_STYLES = {"running": "cyan", "succeeded": "green", "failed": "bold red", "lost": "bold magenta", "submitted": "blue"}


def _short(text: str) -> str:
    return line(text)[:WIDEST]


def headline(now: Snapshot) -> str:
    """The run in one line."""
    counts = [f"{now.jobs[state]} {state}" for state in STATES if state in now.jobs]
    if now.up_to_date:
        counts.append(f"{now.up_to_date} up to date")
    if now.failed_attempts:
        counts.append(f"{now.failed_attempts} failed attempt{'s' * (now.failed_attempts > 1)}")
    done = now.jobs.get("succeeded", 0)
    share = f"{100 * done // now.total} % " if now.total else ""
    return f"{now.status} {seconds(now.elapsed_s)}: {share}{', '.join(counts) or 'no job yet'}"


def lines(now: Snapshot) -> list[str]:
    """The whole snapshot as plain lines."""
    found = [f"run {_short(now.run)}", headline(now)]
    for rule in now.rules:
        counts = ", ".join(f"{n} {state}" for state, n in rule.jobs.items())
        memory = f", memory of at least {size(rule.max_rss_bytes)}" if rule.max_rss_bytes else ""
        found.append(f"  {_short(rule.name)}: {counts}{memory}")
    for node in now.nodes:
        memory = f", memory of at least {size(node.max_rss_bytes)}" if node.max_rss_bytes else ""
        found.append(f"  on {_short(node.name)}: {node.running} running, {node.ended} ended{memory}")
    for job in now.running:
        found.append(f"  running {_short(job.job)} on {_short(job.node)} for {seconds(job.for_s)}")
    for failure in now.failures:
        found += _failure(failure)
    return found + _errors(now)


def change(before: Snapshot | None, now: Snapshot) -> list[str]:
    """What is new since `before`, as plain lines; empty when nothing is."""
    known = before.failed_attempts if before else 0
    found = []
    for failure in now.failures[len(now.failures) - min(len(now.failures), now.failed_attempts - known) :]:
        found += _failure(failure)
    if before is None or (before.jobs, before.status) != (now.jobs, now.status):
        found.append(headline(now))
    return found


def _failure(failure: Failure) -> list[str]:
    first = f"  {_short(failure.job)}, attempt {failure.attempt} on {_short(failure.node)}: {_short(failure.error)}"
    return [first, *(f"      | {_short(said)}" for said in failure.log_tail)]


def _errors(now: Snapshot) -> list[str]:
    if now.status == "running":
        return []
    return ["  " + _short(said) for error in now.errors for said in error.splitlines()[:TAIL]]


TAIL = 4  #: lines of what Snakemake said of the run as a whole


def screen(now: Snapshot) -> RenderableType:
    """The snapshot as a picture that rich can draw again and again."""
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.text import Text

    parts: list[RenderableType] = [Text(f"run {_short(now.run)}", style="bold"), Text(headline(now))]
    if now.total:
        parts.append(ProgressBar(total=now.total, completed=now.jobs.get("succeeded", 0)))
    parts.append(_rules(now))
    if len(now.nodes) > 1 or any(node.max_rss_bytes for node in now.nodes):
        parts.append(_nodes(now))
    for job in now.running:
        parts.append(Text(f"running {_short(job.job)} on {_short(job.node)} for {seconds(job.for_s)}", style="cyan"))
    for failure in now.failures[-3:]:
        first, *rest = _failure(failure)
        parts += [Text(first, style="red"), *(Text(told, style="dim") for told in rest)]
    parts += [Text(told, style="red") for told in _errors(now)]
    if now.status == "running" and now.quiet_s > 60:
        parts.append(Text(f"nothing was written for {seconds(now.quiet_s)}", style="dim"))
    return Group(*parts)


def _rules(now: Snapshot) -> Table:
    table = _table("rule", *STATES, "memory, at least")
    # what is at work or went wrong comes first, then what waits, then what is done
    rank = {"running": 0, "failed": 0, "lost": 0, "submitted": 1, "waiting": 2, "succeeded": 3}
    ordered = sorted(now.rules, key=lambda rule: min((rank[state] for state in rule.jobs), default=3))
    for rule in islice(ordered, MOST_ROWS):
        counts = [_cell(rule.jobs.get(state, 0), _STYLES.get(state, "")) for state in STATES]
        table.add_row(_text(rule.name), *counts, _text(size(rule.max_rss_bytes) if rule.max_rss_bytes else ""))
    return _rest(table, len(ordered))


def _nodes(now: Snapshot) -> Table:
    table = _table("node", "running", "ended", "memory, at least")
    for node in sorted(now.nodes, key=lambda node: -node.running)[:MOST_ROWS]:
        memory = size(node.max_rss_bytes) if node.max_rss_bytes else ""
        table.add_row(_text(node.name), _cell(node.running, "cyan"), _cell(node.ended, ""), _text(memory))
    return _rest(table, len(now.nodes))


def _table(first: str, *others: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(first, overflow="ellipsis", no_wrap=True)
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _rest(table: Table, count: int) -> Table:
    if count > MOST_ROWS:
        table.add_row(_text(f"… and {count - MOST_ROWS} more"))
    return table


def _text(text: str) -> RenderableType:
    from rich.text import Text

    return Text(_short(text))


def _cell(count: int, style: str) -> RenderableType:
    from rich.text import Text

    return Text(str(count) if count else "", style=style)
