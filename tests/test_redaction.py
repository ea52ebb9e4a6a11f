"""Secrets never reach a record."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provcap.capture.scrub import Scrubber
from tests import workflows

GITHUB = "ghp_" + "a1B2" * 9
AWS = "AKIA" + "ABCD1234" * 2
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "secret", "rule"),
    [
        (f"curl -u x {GITHUB}", GITHUB, "github-token"),
        (f"export X={AWS}", AWS, "aws-key"),
        (f"echo {JWT}", JWT, "jwt"),
        (KEY, "b3BlbnNzaC1rZXk", "private-key"),
        ("git clone https://me:hunter2@example.org/x.git", "me:hunter2", "url-userinfo"),
        ("curl -H 'Authorization: Bearer abcdef123456'", "abcdef123456", "authorization"),
        ("mysql --password s3cret db", "s3cret", "named-value"),
        ("API_KEY=s3cret run", "s3cret", "named-value"),
        ('{"db_password": "s3 cret"}', "s3 cret", "named-value"),
        ("token: s3cret", "s3cret", "named-value"),
        ("curl 'https://a.blob.example.net/x?sp=r&sig=kJ8xW2abcd%3D&se=1'", "kJ8xW2abcd%3D", "url-signature"),
        ("s3 https://b.example.org/x?X-Amz-Date=1&X-Amz-Signature=0123abcd4567", "0123abcd4567", "url-signature"),
        ("echo tr0ub4dor", "tr0ub4dor", "known-secret"),
    ],
)
def test_each_rule_replaces_and_counts(text: str, secret: str, rule: str) -> None:
    """A secret is replaced by a mark with the rule's name, once, and counted."""
    scrubber = Scrubber(["tr0ub4dor"])
    clean = scrubber.text(text)
    assert secret not in clean
    assert f"<redacted:{rule}>" in clean
    assert scrubber.counts[rule] == 1


@pytest.mark.parametrize(
    "text",
    [
        "segment --sigma 1.5 --seed 42 in.tif > out.tif",
        "the token is fine, so is a key",
        "python tokenize.py --max-tokens 4096",
        "password: null",
        "keyword=nuclei",
        "https://example.org/path@2x.png",
        "sig=0.12345678 --design=12345678",
        "PASSWORD=$PASSWORD cmd",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    """What is no secret is left alone."""
    scrubber = Scrubber()
    assert scrubber.text(text) == text
    assert not scrubber.counts


def test_program_text_is_not_mangled() -> None:
    """In code, only quoted literals are values: expressions stay."""
    code = "token = tokenize(text)\nsecret = read(path)\npassword = 'hunter22'\n"
    assert Scrubber().text(code, code=True) == code.replace("hunter22", "<redacted:named-value>")


@given(st.text(max_size=300))
def test_scrubbing_twice_changes_nothing_more(text: str) -> None:
    """A scrubbed text holds nothing that would be replaced again."""
    once = Scrubber().text(text)
    assert Scrubber().text(once) == once


@pytest.mark.parametrize(
    "text", ["a.b-" * 25000 + "key", "token" * 20000, "password" + " " * 90000, "://" + "a" * 90000]
)
def test_long_text_takes_no_time(text: str) -> None:
    """100 kB of hostile text are scrubbed in well under a second."""
    began = time.perf_counter()
    Scrubber().text(text)
    assert time.perf_counter() - began < 1


def test_planted_secrets_reach_no_file_of_the_record(tmp_path: Path) -> None:
    """Secrets in environment, params, command line, configuration, log and URLs are in no file below .provcap."""
    text = """
configfile: "config.yaml"
rule a:
    output: "a"
    log: "a.log"
    params:
        password="param-secret-1",
        nested={"api_key": "param-secret-2"},
        url="https://me:url-secret-3@example.org/",
    shell: "echo {params.password} $MY_TOKEN {config[db][password]} https://u:url-secret-4@x > {log}; echo --token cli-secret-5; echo " + config["db"]["password"] + "; exit 1"
"""
    workdir = workflows.write(tmp_path, text, config__yaml="db:\n  password: config-secret-6\n  host: x\n")
    done = workflows.snakemake(workdir, "--config", "api_token=config-secret-7", MY_TOKEN="environment-secret-8")
    assert done.returncode == 1
    for path in (tmp_path / ".provcap").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found = [n for n in range(1, 9) if f"secret-{n}".encode() in content and path.name != "prologue.sh"]
            assert not found, f"{path}: secrets {found}"
    run = workflows.latest(workdir)
    job = run.jobs[0]
    assert job.params["password"] == "<redacted:named-value>"
    assert sum(job.redactions.values()) >= 5
    assert {g.subject for g in run.gaps if g.slug == "redacted"} >= {f"job:{job.id}"}
    assert workflows.provcap(workdir, "crate", "-o", "c.zip").returncode == 0
    assert workflows.provcap(workdir, "check", "c.zip").returncode == 0
