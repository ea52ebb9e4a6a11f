"""Whether the text that the user lets run before each command (``shell.prefix``) only activates software.

The probe runs such a text once more than the jobs do, so it must have no effect beyond its own shell. What is not
understood counts as having one.
"""

from __future__ import annotations

import functools
import re

from provcap.capture import tools

#: commands, and what the first argument must be if not all will do
_ACTIVATIONS: dict[str, str | None] = {
    **dict.fromkeys(("module", "ml"), r"(?!(save|savelist|saverm|initadd|initrm|initclear)$).*"),
    **dict.fromkeys(("conda", "mamba", "micromamba"), r"activate|deactivate|shell(\..*|)"),
    "spack": r"load|unload|env",
    **dict.fromkeys("source . export set unset shopt ulimit true : test [ exit".split()),
    "eval": None,  # of nothing but what one of the others prints
}
_OPENERS = frozenset(("if", "then", "elif", "else", "fi"))
_HIDDEN = re.compile(r"\$\(|`")
_SUBSTITUTION = re.compile(r"\$\(([^()`]*)\)|`([^`]*)`")


@functools.lru_cache(maxsize=100)
def is_activation(text: str) -> bool:
    """Whether each command of `text` is one that activates software or sets options and variables of its shell."""
    return _understood(text, 2)


def _understood(text: str, depth: int) -> bool:
    position, command, skip = 0, "", False
    while position < len(text):
        token = tools.TOKEN.match(text, position)
        if token is None or token["here"] or token.lastgroup == "other":
            return False
        position, kind, word = token.end(), token.lastgroup, token[0]
        if kind == "redirect":
            wanted = r"[12]" if word.endswith("&") else r"\s*/dev/null"
            if "<" in word or not re.match(wanted + r"(?=[\s;&|)]|$)", text[position:]):
                return False
            skip = True
        elif kind == "separator":
            if word in ("&", "|&", "|", "<(", ">(", "((", "$(("):
                return False
            command = ""
        elif kind == "word" and skip:
            skip = False
        elif kind == "word":
            if _HIDDEN.search(word) and not _hidden_understood(word, depth):
                return False
            known = _next(command, word)
            if known is None:
                return False
            command = known
    return True


def _next(command: str, word: str) -> str | None:
    """The command that is being read after `word`, with a space once its first argument is known; None: unknown."""
    plain = tools.unquoted(word)
    if command.endswith(" "):
        return None if command == "eval " else command
    if command == "eval":
        return "eval " if _SUBSTITUTION.fullmatch(plain) else None
    if command:
        wanted = _ACTIVATIONS[command]
        return command + " " if wanted is None or re.fullmatch(wanted, plain) else None
    if plain in _OPENERS or tools.ASSIGNMENT.match(plain):
        return ""
    return plain if plain in _ACTIVATIONS else None


def _hidden_understood(word: str, depth: int) -> bool:
    """Whether all that a quoted `word` lets run in its middle is understood."""
    found, rest = _SUBSTITUTION.findall(word), _SUBSTITUTION.sub("", word)
    return bool(depth) and not _HIDDEN.search(rest) and all(_understood(a or b, depth - 1) for a, b in found)
