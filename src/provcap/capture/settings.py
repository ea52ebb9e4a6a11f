"""What the user switched off: by the plugin's settings in the main process, by two variables everywhere else."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

OFF_VARIABLE = "PROVCAP_OFF"  #: "python,segment:shell": a hook for all rules, a hook for one rule
MAX_BYTES_VARIABLE = "PROVCAP_HASH_MAX_BYTES"  #: larger files get no digest
HOOKS = ("shell", "python", "r", "hash", "memory", "new-files")


@dataclass(frozen=True, slots=True)
class Settings:
    """Which hooks are off, and for which rules ("" stands for all)."""

    off: frozenset[tuple[str, str]] = field(default_factory=frozenset)  #: (rule, hook)
    hash_max_bytes: int | None = None
    unknown: tuple[str, ...] = ()  #: words that name no hook

    def is_off(self, hook: str, rule: str) -> bool:
        """Whether `hook` is off for `rule`."""
        return ("", hook) in self.off or (rule, hook) in self.off

    def off_for(self, rule: str) -> list[str]:
        """The hooks that are off for `rule`, in the order of HOOKS."""
        return [hook for hook in HOOKS if self.is_off(hook, rule)]


def read(environment: dict[str, str] | None = None) -> Settings:
    """The settings that the environment gives."""
    found = os.environ if environment is None else environment
    off, unknown = set(), []
    for word in found.get(OFF_VARIABLE, "").replace(" ", ",").split(","):
        rule, _, hook = word.strip().rpartition(":")
        if hook in HOOKS:
            off.add((rule, hook))
        elif hook:
            unknown.append(word.strip())
    limit = found.get(MAX_BYTES_VARIABLE, "")
    known = re.fullmatch(r"[0-9]{1,18}", limit) is not None
    if limit and not known:
        unknown.append(f"{MAX_BYTES_VARIABLE}={limit[:100]}")
    return Settings(frozenset(off), int(limit) if known else None, tuple(unknown))


def gaps(settings: Settings) -> list[dict[str, str]]:
    """A Gap for each hook that is off, and for each word that was not understood."""
    found = []
    for rule, hook in sorted(settings.off):
        where = f"for rule {rule}" if rule else "for all rules"
        found.append({"slug": "switched-off", "subject": "run", "message": f"the {hook} hook was switched off {where}"})
    for word in settings.unknown:
        known = ", ".join(HOOKS)
        found.append({"slug": "bad-setting", "subject": "run", "message": f"{word!r} names no hook (known: {known})"})
    return found
