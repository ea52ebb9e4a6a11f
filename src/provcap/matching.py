"""Which files of a run a pattern means."""

from __future__ import annotations

import fnmatch
import functools
import re
from collections.abc import Iterable, Iterator, Sequence

from provcap.model import Artifact, Gap, Run, Study
from provcap.questions import external_inputs, outputs


def files_of(run: Run, patterns: Iterable[str]) -> tuple[Artifact, ...]:
    """The files that `run` read or made and that any of `patterns` means, by path.

    ``*`` and ``?`` stand for parts of a name, ``**`` for any number of folders. A pattern that names a folder means it
    and what is in it.
    """
    wanted = [_compiled(pattern) for pattern in patterns]
    known = _known(run) if wanted else {}
    return tuple(known[path] for path in known if any(_means(one, path.split("/")) for one in wanted))


_last: list[tuple[Run, dict[str, Artifact]]] = []  #: a sheet asks many times of one run


def _known(run: Run) -> dict[str, Artifact]:
    """The files of `run`, by path and in its order; of the run that was asked for last they are kept."""
    if not _last or _last[0][0] is not run:
        found = {a.path: a for a in (*external_inputs(run), *outputs(run))}
        _last[:] = [(run, {path: found[path] for path in sorted(found)})]
    return _last[0][1]


@functools.lru_cache(maxsize=4096)
def _compiled(pattern: str) -> tuple[re.Pattern[str] | None, ...]:
    """An expression for each folder and the name; None for ``**``. Brackets stand for themselves."""
    parts = pattern.rstrip("/").split("/")
    return tuple(None if set(p) == {"*"} and len(p) > 1 else _expression(p) for p in parts)


def _expression(part: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(re.sub(r"\*+", "*", part).replace("[", "[[]")))


def _means(pattern: Sequence[re.Pattern[str] | None], path: Sequence[str]) -> bool:
    """Whether `pattern` fits the whole of `path` or a folder on its way; in steps of both lengths multiplied."""
    reached = {0}  #: how many parts of the pattern may be used up
    for name in path:
        reached = _past_stars(pattern, reached)
        if len(pattern) in reached:
            return True
        following = set()
        for n in reached:
            part = pattern[n]
            following |= {n} if part is None else {n + 1} if part.fullmatch(name) else set()
        reached = following
    return len(pattern) in _past_stars(pattern, reached)


def _past_stars(pattern: Sequence[re.Pattern[str] | None], reached: set[int]) -> set[int]:
    found = set(reached)
    for n in sorted(reached):
        while n < len(pattern) and pattern[n] is None:
            n += 1
            found.add(n)
    return found


def unmatched(run: Run, study: Study) -> tuple[Gap, ...]:
    """A Gap for each pattern and each path of the sheet that means no file of the run."""
    return tuple(
        Gap("no-such-image", "study", f"{where}: {pattern} is no file of this run")
        for where, pattern in _patterns(study)
        if not files_of(run, [pattern])
    )


def _patterns(study: Study) -> Iterator[tuple[str, str]]:
    for data in study.image_data:
        yield from ((f"image data {data.id}", pattern) for pattern in data.files)
    for made in study.analyses:
        yield from ((f"analyzed data {made.id}", pattern) for pattern in made.files)
    for one in study.annotations:
        for file in one.files:
            yield from ((f"annotations {one.id}", path) for path in (file.file, file.source_image))
