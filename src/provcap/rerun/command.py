"""From the recorded command line to the one of the rerun.

Only options that shape the results are carried over, by an allow-list; what belongs to the original machine (cores,
executor, profile, prefixes) is left behind, and so is everything that this list does not know. The words reach
Snakemake as they are, never through a shell.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from provcap.model import Run
from provcap.rerun.layout import Layout

MANY = -1  #: an option that takes all words up to the next option

#: option: (its other names, how many words it takes), for what a rerun needs
CARRIED: dict[str, tuple[tuple[str, ...], int]] = {
    "--allow-ambiguity": (("-a",), 0),
    "--allowed-rules": ((), MANY),
    "--batch": ((), 1),
    "--config": (("-C",), MANY),
    "--configfile": (("--configfiles",), MANY),
    "--default-resources": (("--default-res",), MANY),
    "--default-storage-prefix": ((), 1),
    "--default-storage-provider": ((), 1),
    "--keep-going": (("-k",), 0),
    "--max-threads": ((), 1),
    "--notemp": (("--no-temp", "--nt"), 0),
    "--omit-from": (("-O",), MANY),
    "--replace-workflow-config": ((), 0),
    "--retries": (("--restart-times", "-T"), 1),
    "--set-resources": ((), MANY),
    "--set-scatter": ((), MANY),
    "--set-threads": ((), MANY),
    "--singularity-args": (("--apptainer-args",), 1),
    "--software-deployment-method": (("--deployment-method", "--deployment", "--sdm"), MANY),
    "--until": (("-U",), MANY),
    "--use-conda": ((), 0),
    "--use-envmodules": ((), 0),
    "--use-singularity": (("--use-apptainer",), 0),
    "--wrapper-prefix": ((), 1),
}
#: what the rerun says anew, or what has no meaning in an empty directory; not worth a word
REPLACED: dict[str, tuple[tuple[str, ...], int]] = {
    "--cores": (("-c",), 1),
    "--directory": (("-d",), 1),
    "--force": (("-f",), 0),
    "--forceall": (("-F",), 0),
    "--forcerun": (("-R",), MANY),
    "--ignore-incomplete": (("--ii",), 0),
    "--jobs": (("-j",), 1),
    "--logger": ((), MANY),
    "--nocolor": ((), 0),
    "--printshellcmds": (("-p",), 0),
    "--quiet": (("-q",), MANY),
    "--rerun-incomplete": (("--ri",), 0),
    "--rerun-triggers": ((), MANY),
    "--show-failed-logs": ((), 0),
    "--snakefile": (("-s",), 1),
    "--verbose": ((), 0),
}
#: known and left behind, with a word: that their words are not taken for targets
_LEFT: dict[int, str] = {
    0: """--touch --nolock --keep-incomplete --drop-metadata --no-hooks --force-use-threads --benchmark-extended
        --trust-io-cache --all-temp --job-deploy-sources --report-after-run --debug --debug-dag --skip-script-cleanup
        --keep-storage-local-copies --not-retrieve-storage --immediate-submit""",
    1: """--profile --workflow-profile --local-cores --max-jobs-per-timespan --latency-wait --shadow-prefix
        --max-status-checks-per-second --seconds-between-status-checks --conda-prefix --conda-frontend
        --conda-base-path --singularity-prefix --jobscript --jobname --precommand --scheduler --local-storage-prefix
        --remote-job-local-storage-prefix --max-checksum-file-size --max-inventory-time --container-image
        --persistence-backend --persistence-backend-db-url --scheduler-greediness --report-stylesheet
        --report-metadata --reporter --runtime-source-cache-path --logger-provcap-off
        --logger-provcap-hash-max-bytes --executor --wait-for-files-file --max-jobs-per-second""",
    MANY: """--resources --envvars --groups --group-components --prioritize --cache --consider-ancient
        --preemptible-rules --shared-fs-usage --wait-for-files --strict-dag-evaluation --set-resource-scopes
        --omit-flags""",
}
LEFT: dict[str, tuple[tuple[str, ...], int]] = {n: ((), count) for count, t in _LEFT.items() for n in t.split()}
_SHORT = {"-e": "--executor", "-w": "--latency-wait", "-P": "--prioritize", "-t": "--touch"}
METHODS = {"--use-conda": "conda", "--use-envmodules": "env-modules", "--use-singularity": "apptainer"}
RESOURCES = {"--default-resources", "--set-resources"}
_AMOUNT = re.compile(
    r"([\w]+:)?(mem|mem_mb|mem_mib|disk|disk_mb|disk_mib|gpu|gpus|threads)=\d+(\.\d+)?\s*[A-Za-z]{0,3}"
)
#: of --apptainer-args: nothing that shows files of this machine to the container
CONTAINER_FLAGS = re.compile(r"--(cleanenv|contain|containall|no-home|nv|rocm|writable-tmpfs|no-mount=[\w,]+)|-[ceC]")


@dataclass(slots=True)
class Command:
    """The arguments for Snakemake, and what of the recorded ones was left behind."""

    arguments: list[str] = field(default_factory=list)
    configfiles: list[str] = field(default_factory=list)
    config: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)  #: a sentence each

    def drop(self, option: str) -> None:
        """Take `option` and its words out of the arguments."""
        while option in self.arguments:
            begin = self.arguments.index(option)
            rest = self.arguments[begin + 1 :]
            end = next((i for i, word in enumerate(rest) if word.startswith("--")), len(rest))
            del self.arguments[begin : begin + 1 + end]

    def words(self) -> list[str]:
        """All of it, for Snakemake; targets after a ``--``, so that none can be taken for an option."""
        found = list(self.arguments)
        found += ["--configfile", *self.configfiles] if self.configfiles else []
        found += ["--config", *self.config] if self.config else []
        return [*found, "--", *self.targets] if self.targets else found


def carry_over(
    run: Run, layout: Layout, mapped: Callable[[str], str], profiles: Iterable[dict[str, Any]] = ()
) -> Command:
    """What of the command of `run` and of its `profiles` the rerun says again, with the paths of the new directory.

    The command line goes before a profile, as with Snakemake.
    """
    command, methods = Command(), set[str]()
    said = list(_options(run.command[1:]))
    names = {option for option, _ in said}
    for profile in profiles:
        said[:0] = [(option, words) for option, words in _options(_words(profile)) if option not in names]
    for option, given in said:
        words = given if option in ("", "--singularity-args") else _values(option, given, command)
        if option == "":
            command.targets += [_target(word, mapped) for word in words]
        elif option == "--configfile":
            command.configfiles += [str(_configfile(run, layout, word)) for word in words]
        elif option == "--config":
            command.config += [_setting(word, mapped) for word in words]
        elif option == "--singularity-args":
            _container_arguments(words[0] if words else "", command)
        elif option in METHODS:
            methods.add(METHODS[option])
        elif option == "--software-deployment-method":
            methods |= {"apptainer" if word == "singularity" else word for word in words} & set(METHODS.values())
        elif option in RESOURCES:
            _resources(option, words, command)
        elif option in CARRIED:
            command.arguments += [option, *words] if words or not CARRIED[option][1] else []
        elif option not in REPLACED:
            command.left.append(" ".join([option, *words]))
    _deploy(run, command, methods)
    return command


def _values(option: str, words: Sequence[str], command: Command) -> list[str]:
    """The values of `option`; one that Snakemake could take for another option is left behind."""
    kept = [word for word in words if not word.startswith("-")]
    if len(kept) != len(words) and option in CARRIED:
        command.left.append(" ".join([option, *(word for word in words if word not in kept)]))
    return kept


def _resources(option: str, words: Sequence[str], command: Command) -> None:
    """Plain amounts only: Snakemake takes other values for Python."""
    kept = [word for word in words if _AMOUNT.fullmatch(word)]
    if kept:
        command.arguments += [option, *kept]
    if kept != list(words):
        command.left.append(" ".join([option, *(word for word in words if word not in kept)]))


def _deploy(run: Run, command: Command, said: set[str]) -> None:
    """Software deployment that a profile asked for stands in no command line; the records know what was used."""
    if any(_in_container(run, job.image) for job in run.jobs):
        said.add("apptainer")
    if any(job.conda_env for job in run.jobs):
        said.add("conda")
    if any(job.env_modules for job in run.jobs):
        said.add("env-modules")
    if said:
        command.arguments += ["--software-deployment-method", *sorted(said)]


def _in_container(run: Run, image: str | None) -> bool:
    return any(i.id == image and i.kind in ("sif", "sandbox") for i in run.images)


def _options(words: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Each option by its first name, with its words; the targets under the name ""."""
    known = {**CARRIED, **REPLACED, **LEFT}
    names = {alias: name for name, (aliases, _) in known.items() for alias in (name, *aliases)} | _SHORT
    names["--apptainer-prefix"] = "--singularity-prefix"
    place = 0
    while place < len(words):
        word, place = words[place], place + 1
        if word == "--":
            yield "", list(words[place:])
            return
        if not word.startswith("-") or word == "-":
            yield "", [word]
            continue
        option, inline = _split(word, names)
        count = known.get(option, ((), MANY))[1]
        found = [inline] if inline is not None else []
        while ((count == MANY and (inline is None)) or len(found) < count) and place < len(words):
            if words[place].startswith("-") and " " not in words[place]:  # as argparse decides it
                break
            found.append(words[place])
            place += 1
        yield option, found


def _split(word: str, names: dict[str, str]) -> tuple[str, str | None]:
    """The option that `word` is or abbreviates, and the value that is written in the same word."""
    name, separator, value = word.partition("=")
    inline = value if separator else None
    if word.startswith("--"):
        if name in names:
            return names[name], inline
        longer = {names[n] for n in names if n.startswith(name)}
        return (longer.pop() if len(longer) == 1 else name), inline
    short, rest = word[:2], word[2:]
    return names.get(short, short), rest.removeprefix("=") or None


def _configfile(run: Run, layout: Layout, word: str) -> Path:
    """The restored configuration file that `word` named, which was relative to where Snakemake was started."""
    tail = posixpath.normpath(word).lstrip("./")
    configs = [s.place for s in run.workflow.sources if s.role == "config"]
    hits = [place for place in configs if place == word or place.endswith("/" + tail)]
    return layout.place(hits[0] if hits else word)


def _setting(word: str, mapped: Callable[[str], str]) -> str:
    key, separator, value = word.partition("=")
    return key + separator + mapped(value)


def _target(word: str, mapped: Callable[[str], str]) -> str:
    return mapped(word) if word.startswith("/") else word


def _words(profile: dict[str, Any]) -> list[str]:
    """The options of a profile as they would stand on a command line."""
    found: list[str] = []
    for key, value in profile.items():
        if value is None or value is False:
            continue
        found.append(f"--{key}")
        if isinstance(value, dict):
            found += [f"{name}={item}" for name, item in value.items()]
        elif isinstance(value, list):
            found += map(str, value)
        elif value is not True:
            found.append(str(value))
    return [word.replace("\0", "") for word in found]


def _container_arguments(text: str, command: Command) -> None:
    words = text.split()
    kept = [word for word in words if CONTAINER_FLAGS.fullmatch(word)]
    if kept:
        command.arguments.append("--singularity-args=" + " ".join(kept))
    if kept != words:
        command.left.append("of the container's arguments: " + " ".join(w for w in words if w not in kept))
