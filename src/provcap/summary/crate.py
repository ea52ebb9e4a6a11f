"""The verdict on a crate."""

from __future__ import annotations

from collections import Counter

from provcap.check import Findings
from provcap.summary.columns import line


def of_findings(crate: str, findings: Findings) -> str:
    """What is wrong with a crate, worst first, and the verdict in the last line."""
    count = Counter(f.level for f in findings.findings)
    lines = [line(f"{f.level}: {f.subject}: {f.message} [{f.slug}]") for f in findings.findings]
    counted = ", ".join(f"{count[level]} {level}s" for level in ("error", "warning", "note"))
    if not findings.ok:
        verdict = "is not whole or not valid"
    else:
        verdict = (
            f"is whole and a valid {findings.profile}" if findings.profile else "is whole; its profile was not checked"
        )
    return "\n".join([*lines, f"{crate} {verdict} ({counted})"])
