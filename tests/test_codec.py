"""Model ⇄ JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provcap import codec, model
from provcap.errors import DamagedRecord
from provcap.model import Run

TEXT = st.text(st.characters(blacklist_categories=("Cs",)), max_size=20)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
ARTIFACTS = st.builds(
    model.Artifact,
    path=TEXT,
    kind=st.sampled_from(["file", "directory", "pipe", "missing"]),
    digest=st.none() | TEXT,
    size_bytes=st.none() | st.integers(0),
    flags=st.lists(TEXT, max_size=2).map(tuple),
)
JOBS = st.builds(
    model.Job,
    id=TEXT,
    run=TEXT,
    rule=TEXT,
    status=st.sampled_from(["succeeded", "failed", "cached", "up_to_date", "lost"]),
    params=st.dictionaries(TEXT, JSON_VALUES, max_size=3),
    wildcards=st.dictionaries(TEXT, TEXT, max_size=2),
    inputs=st.lists(ARTIFACTS, max_size=3).map(tuple),
    network=st.none() | st.sampled_from(["open", "closed"]),
    randomness=st.lists(
        st.builds(
            model.Draw, source=TEXT, kind=st.sampled_from(["declared", "seeded", "unseeded"]), order=st.integers(0)
        ),
        max_size=2,
    ).map(tuple),
    usage=st.none() | st.builds(model.Usage, wall_s=st.none() | st.floats(0, 1e6)),
)
RUNS = st.builds(
    model.Run,
    id=TEXT,
    status=st.sampled_from(["succeeded", "failed", "lost"]),
    workdir=TEXT,
    workflow=st.builds(model.Workflow, snakefile=TEXT, dirty=st.none() | st.booleans()),
    started=TEXT,
    jobs=st.lists(JOBS, max_size=3).map(tuple),
    gaps=st.lists(st.builds(model.Gap, TEXT, TEXT, TEXT), max_size=2).map(tuple),
)


@given(RUNS)
def test_round_trip(run: model.Run) -> None:
    """What is written is read back as the same Run, and written again as the same text."""
    text = codec.dump_run(run)
    again = codec.load_run(text)
    assert again == run
    assert codec.dump_run(again) == text


def test_hand_written_runs_round_trip(any_run: Run) -> None:
    """Every run of the corpus survives."""
    assert codec.load_run(codec.dump_run(any_run)) == any_run


@given(RUNS)
def test_format_comes_first(run: model.Run) -> None:
    """The first key names the format."""
    assert next(iter(json.loads(codec.dump_run(run)).items())) == ("format", "provcap.run/1")


RUN = '{"format":"provcap.run/1","id":"1","status":"succeeded","workdir":"/","workflow":{"snakefile":"S"},%s}'


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("", "damaged-record"),
        ("{", "damaged-record"),
        ("[1]", "unknown-format"),
        ('{"format": "provcap.run/9"}', "unknown-format"),
        ('{"format": "provcap.run/1"}', "damaged-record"),
        ("[" * 100_000, "damaged-record"),
        (RUN % '"started":"","hostname":"\\ud800"', "damaged-record"),
        (RUN % '"started":"","steps":[{"rule":"a","line":NaN}]', "damaged-record"),
        (RUN % '"started":"","steps":[{"rule":"a","line":1e999}]', "damaged-record"),
        (RUN % f'"started":"","steps":[{{"rule":"a","line":{10**400}}}]', "damaged-record"),
        (RUN % '"started":"","images":[{"id":"i","reference":"r","kind":"sif","labels":{"a":1}}]', "damaged-record"),
        (
            '{"format":"provcap.run/1","id":1,"status":"succeeded","workdir":"/","workflow":{"snakefile":"S"},"started":""}',
        )
        * 1
        + ("damaged-record",),
        ('{"format":"provcap.run/1","id":"1","status":"fine","workdir":"/","workflow":{"snakefile":"S"},"started":""}',)
        * 1
        + ("damaged-record",),
    ],
)
def test_damaged_text_is_refused(text: str, slug: str) -> None:
    """Damage raises DamagedRecord with its slug, whatever it is."""
    with pytest.raises(DamagedRecord) as caught:
        codec.load_run(text)
    assert caught.value.slug == slug


def test_unknown_fields_are_ignored() -> None:
    """A file that a newer version wrote with more fields can still be read."""
    run = model.Run("1", "succeeded", "/", model.Workflow("S"), "t")
    plain = json.loads(codec.dump_run(run)) | {"later": 1}
    assert codec.load_run(json.dumps(plain)) == run
