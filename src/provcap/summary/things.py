"""Environments, machines and usage in one line."""

from __future__ import annotations

from collections import Counter

from provcap.model import Accounting, Environment, Hardware, Usage
from provcap.summary.columns import seconds, size


def software(environment: Environment) -> str:
    """An environment in one line."""
    count = Counter(p.manager for p in environment.packages)
    kinds = ", ".join(f"{n} {manager}" for manager, n in sorted(count.items())) or "no"
    languages = "".join(f"{i.language} {i.version}, " for i in environment.interpreters)
    return f"{environment.os_name or 'unknown system'}: {languages}{kinds} packages  [{environment.id[7:19]}]"


def machine_line(machine: Hardware) -> str:
    cpus = f"{machine.cpus_logical or '?'} CPUs, {size(machine.memory_bytes)}"
    return f"{machine.hostname}: {machine.cpu_model or '?'}, {cpus}, kernel {machine.kernel or '?'}"


def accounting_line(counted: Accounting) -> str:
    """What the batch system counted, in one line."""
    said = [
        counted.state,
        counted.elapsed_s is not None and f"{seconds(counted.elapsed_s)} wall",
        counted.time_limit_s is not None and f"of {seconds(counted.time_limit_s)} allowed",
        counted.cpu_s is not None and f"{seconds(counted.cpu_s)} CPU",
        counted.max_rss_bytes is not None and f"{size(counted.max_rss_bytes)} memory",
        counted.memory_bytes is not None and f"of {size(counted.memory_bytes)} granted",
        counted.cpus is not None and f"{counted.cpus} CPUs granted",
        counted.gpus is not None and f"{counted.gpus} GPUs granted",
    ]
    return ", ".join(part for part in said if part)


def usage_line(usage: Usage) -> str:
    cpu = (usage.cpu_user_s or 0) + (usage.cpu_system_s or 0)
    memory = f", {size(usage.max_rss_bytes)} memory" if usage.max_rss_bytes else ""
    return f"{seconds(usage.wall_s)} wall, {seconds(cpu)} CPU{memory}"
