"""The verdict on a crate."""

from __future__ import annotations

from collections import Counter

from provcap.check import Findings
from provcap.summary.columns import counted, line

_UNSIGNED = {"unsigned", "unknown-signer"}  #: with them alone, nothing is wrong with the crate itself


def of_findings(crate: str, findings: Findings, signers: str = "") -> str:
    """What is wrong with a crate, worst first, and the verdict in the last line. Only those in `signers` counted."""
    count = Counter(f.level for f in findings.findings)
    lines = [line(f"{f.level}: {f.subject}: {f.message} [{f.slug}]") for f in findings.findings]
    told = ", ".join(counted(count[level], level) for level in ("error", "warning", "note"))
    errors = {finding.slug for finding in findings.findings if finding.level == "error"}
    if errors - _UNSIGNED:
        verdict = "is not whole or not valid"
    else:
        verdict = (
            f"is whole and a valid {findings.profile}" if findings.profile else "is whole; its profile was not checked"
        )
    if errors and errors <= _UNSIGNED:
        verdict += f", but nobody in {signers} has signed it"
    return "\n".join([*lines, f"{crate} {verdict} ({told})"])
