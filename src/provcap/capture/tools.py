"""Which programs a shell command names: its command words, found by a small reading of the shell's grammar.

The reading is conservative: a word that is no command does no harm, since a job's shell says where each word leads and
what is not on its PATH is left out. Words that the shell would first have to expand are not known before it runs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

LIMIT = 50  #: words of one command
_LONGEST = 100_000  #: characters of a command that are read

TOKEN = re.compile(
    r"""(?P<here><<-?[ \t]*(?P<quote>['"\\]?)(?P<end>\w+)['"]?)
      | (?P<redirect>(?:\d*|&)(?:<<<|[<>]&-?|>>|>\||<>|[<>](?!\()))
      | (?P<separator>;;&?|;&|&&|\|\||\|&|\$\(\(?|[<>]\(|[;|&()`\n])
      | (?P<comment>(?<![^\s;|&()])\#[^\n]*)
      | (?P<space>(?:[ \t\r]|\\\n)+)
      | (?P<word>(?:\\.|'[^']*'|"(?:\\.|[^"\\])*"|\$'(?:\\.|[^'\\])*'|\$\{[^}\n]*\}|\$(?!\()|[^\s;|&()<>`$'"\\])+)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_SAFE = re.compile(r"(?:/[A-Za-z0-9._+-]+)+|[A-Za-z0-9_][A-Za-z0-9._+-]*")
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*(?:\[[^]]*\])?\+?=")
_QUOTES = re.compile(r"""\$?'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)""", re.DOTALL)

#: after these the next word is a command again
_OPENERS = frozenset("! { if then elif else while until do time coproc".split())
#: commands whose first argument that is no option is a command; `command`, `exec` and `builtin` are the shell's own
_CARRIERS = frozenset(
    "env xargs nice nohup timeout sudo stdbuf setsid ionice chrt taskset numactl parallel srun mpirun mpiexec strace "
    "unbuffer chronic command exec builtin".split()
)
_SHELLS = frozenset(("sh", "bash", "dash", "ash", "zsh", "ksh"))
_BUILTINS = frozenset(
    ". : [ alias bg bind break builtin caller case cd command compgen complete compopt continue coproc declare dirs "
    "disown do done echo elif else enable esac eval exec exit export false fc fg fi for function getopts hash help "
    "history if in jobs kill let local logout mapfile popd printf pushd pwd read readarray readonly return select set "
    "shift shopt source suspend test then time times trap true type typeset ulimit umask unalias unset until wait "
    "while".split()
)


def words(command: str) -> list[str]:
    """The command words of `command`, each once, in their order: names, or absolute paths, of programs."""
    found: dict[str, None] = {}
    for word in _commands(command[:_LONGEST], 3):
        if word not in _BUILTINS and _SAFE.fullmatch(word):
            found[word] = None
            if len(found) == LIMIT:
                break
    return list(found)


def _commands(text: str, depth: int) -> Iterator[str]:
    """The first word of each simple command, and the commands that its arguments are."""
    position, expecting, current, skip = 0, True, "", False
    heredocs: list[str] = []
    while position < len(text):
        token = TOKEN.match(text, position)
        assert token is not None  # `other` takes any character
        position, kind = token.end(), token.lastgroup
        if token["here"]:
            heredocs.append(token["end"])
        elif kind == "redirect":
            skip = True
        elif kind == "other" and token[0] in "'\"":
            return  # a quote that is never closed: no shell runs this
        elif kind == "separator":
            expecting, current, skip = True, "", False
            if token[0] == "\n" and heredocs:
                position = _after_heredocs(text, position, heredocs)
        elif kind == "word":
            yield from _substitutions(token[0], depth)
            word = unquoted(token[0])
            if skip:
                skip = False
            elif expecting and not (ASSIGNMENT.match(word) or (current and _is_option(word))):
                yield word
                current = os.path.basename(word)
                expecting = word in _OPENERS or current in _CARRIERS
            elif word in ("-exec", "-execdir"):  # of find
                expecting = True
            elif current in _SHELLS and re.fullmatch("-[a-z]*c", word):
                current = "-c"
            elif current == "-c" and depth:
                yield from _commands(word, depth - 1)
                current = ""


def _after_heredocs(text: str, position: int, heredocs: list[str]) -> int:
    """Where the text goes on after the here-documents that were announced in the line before."""
    for end in heredocs:
        found = re.compile(rf"^\t*{re.escape(end)}[ \t]*$", re.M).search(text, position)
        position = found.end() if found else len(text)
    heredocs.clear()
    return position


def _substitutions(word: str, depth: int) -> Iterator[str]:
    """Commands in `$(…)` and backquotes within double quotes; those outside are separators of the text itself."""
    if depth and '"' in word:
        for match in re.finditer(r"\$\(([^()]*(?:\([^()]*\)[^()]*)*)\)|`([^`]*)`", word):
            yield from _commands(match[1] or match[2] or "", depth - 1)


def unquoted(word: str) -> str:
    return _QUOTES.sub(lambda m: next((g for g in m.groups() if g is not None), ""), word)


def _is_option(word: str) -> bool:
    """What may stand between a carrier and its command: options, numbers, times, `{}`."""
    return word.startswith("-") or bool(re.fullmatch(r"\d+(?:\.\d+)?[smhd]?|\{\}", word))
