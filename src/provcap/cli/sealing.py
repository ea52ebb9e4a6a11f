"""Verbs about trust in a crate: check, sign."""

from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import asdict
from pathlib import Path

from provcap.cli.arguments import ANSWER, COMMON, Verbs

_SAID = re.compile("licen[cs]e|author|affiliation|publisher", re.IGNORECASE)  #: what provcap.yaml could have said


def add(verbs: Verbs) -> None:
    """Add them to the command line."""
    check = verbs.add_parser(
        "check", parents=[COMMON, ANSWER], help="is this crate whole, unchanged and valid? (offline)"
    )
    check.add_argument("crate", metavar="CRATE")
    check.add_argument("--signers", type=Path, metavar="FILE", help="whose signatures count, see ssh-keygen(1)")
    check.set_defaults(verb=cmd_check)
    sign = verbs.add_parser("sign", parents=[COMMON], help="sign a crate with an SSH key")
    sign.add_argument("crate", metavar="CRATE")
    sign.add_argument("--key", type=Path, required=True, metavar="FILE", help="such as ~/.ssh/id_ed25519")
    sign.set_defaults(verb=cmd_sign)


def cmd_check(options: argparse.Namespace) -> int:
    from provcap import check, summary

    findings = check.check(Path(options.crate), options.signers)
    print(
        json.dumps(asdict(findings))
        if options.json
        else summary.of_findings(options.crate, findings, str(options.signers))
    )
    if any(f.slug == "not-conformant" and _SAID.search(f.message) for f in findings.findings):
        print("hint: who, what and under which licence is said in provcap.yaml, see docs/crate.md", file=sys.stderr)
    return 0 if findings.ok else 1


def cmd_sign(options: argparse.Namespace) -> int:
    from provcap import signing

    print(signing.sign(Path(options.crate), options.key.expanduser()))
    return 0
