"""Identifiers: which spellings are read, and which mistakes are found."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from provcap import identifiers

CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
HEX = st.text("0123456789abcdef", min_size=40, max_size=40)
REV = "swh:1:rev:309cf2674ee7a0749978cf8265ab91a60aea0f7d"
CNT = "swh:1:cnt:4d99d2d18326621ccdd70f5ea66c2e2ac236ad8b"


def orcids() -> st.SearchStrategy[str]:
    """Right ones."""
    return st.text("0123456789", min_size=15, max_size=15).map(lambda d: d + identifiers.mod_11_2(d))


def rors() -> st.SearchStrategy[str]:
    """Right ones."""
    return st.text(CROCKFORD, min_size=6, max_size=6).map(lambda t: f"0{t}{identifiers.mod_97_10('0' + t)}")


@pytest.mark.parametrize("stated", ["0000-0002-1825-0097", "0000-0002-1694-233X", "0000-0001-5109-3700"])
def test_orcids_of_people_are_right(stated: str) -> None:
    """Identifiers that ORCID gave pass, in upper and lower case."""
    assert identifiers.orcid(stated.lower()) == f"https://orcid.org/{stated}"


@pytest.mark.parametrize("stated", ["05gq02987", "02mhbdp94", "013meh722", "03vek6s52", "0160cpw27", "00k4n6c32"])
def test_rors_of_organisations_are_right(stated: str) -> None:
    """Identifiers that ROR gave pass."""
    assert identifiers.ror(stated) == f"https://ror.org/{stated}"


@given(orcids(), st.integers(0, 15), st.sampled_from("0123456789X"))
def test_a_changed_digit_of_an_orcid_is_found(digits: str, place: int, other: str) -> None:
    """MOD 11-2 finds every single changed character."""
    changed = digits[:place] + other + digits[place + 1 :]
    assume(changed != digits)
    with pytest.raises(ValueError, match="is not an ORCID"):
        identifiers.orcid(changed)


@given(orcids(), st.integers(0, 14))
def test_swapped_neighbours_in_an_orcid_are_found(digits: str, place: int) -> None:
    """MOD 11-2 finds every transposition of neighbours."""
    changed = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
    assume(changed != digits)
    with pytest.raises(ValueError, match="is not an ORCID"):
        identifiers.orcid(changed)


@given(rors(), st.integers(1, 8), st.sampled_from(CROCKFORD))
def test_a_changed_character_of_a_ror_is_found(stated: str, place: int, other: str) -> None:
    """MOD 97-10 finds every single changed character: 97 is prime and larger than any difference."""
    changed = stated[:place] + other + stated[place + 1 :]
    assume(changed != stated)
    with pytest.raises(ValueError, match="is not a ROR"):
        identifiers.ror(changed)


@given(orcids(), st.sampled_from(["{}", "https://orcid.org/{}", "http://www.orcid.org/{}", "orcid:{}", " ORCID: {} "]))
def test_orcid_spellings_have_one_normal_form(digits: str, spelling: str) -> None:
    """URL, prefix and bare number, with and without dashes, are the same; the normal form stays what it is."""
    dashed = "-".join(digits[i : i + 4] for i in range(0, 16, 4))
    normal = f"https://orcid.org/{dashed}"
    assert identifiers.orcid(spelling.format(dashed)) == identifiers.orcid(spelling.format(digits)) == normal
    assert identifiers.orcid(normal) == normal


@given(rors(), st.sampled_from(["{}", "https://ror.org/{}", "ror.org/{}", "ror:{}", "HTTPS://ROR.ORG/{}/"]))
def test_ror_spellings_have_one_normal_form(stated: str, spelling: str) -> None:
    """The same for a ROR, whose letters may be large."""
    assert identifiers.ror(spelling.format(stated)) == f"https://ror.org/{stated}"
    assert identifiers.ror(stated.upper()) == f"https://ror.org/{stated}"


@given(
    st.from_regex(r"10\.[0-9]{4,9}/[!-~]{1,40}", fullmatch=True).filter(lambda t: "%" not in t and "#" not in t),
    st.sampled_from(["{}", "doi:{}", "DOI: {}", "https://doi.org/{}", "http://dx.doi.org/{}", "info:doi/{}"]),
)
def test_doi_spellings_have_one_normal_form(stated: str, spelling: str) -> None:
    """URL, prefix and bare name are the same DOI, in lower case."""
    if spelling == "info:doi/{}":
        spelling = "info:doi:{}"
    assert identifiers.doi(spelling.format(stated)) == stated.lower()
    assert identifiers.doi(identifiers.doi(stated)) == stated.lower()


def test_a_doi_in_a_url_is_decoded() -> None:
    """Old suffixes with brackets come percent-encoded in URLs."""
    stated = "https://doi.org/10.1002/(SICI)1097-0258(19980815)17%3A15%3C1661%3A%3AAID-SIM968%3E3.0.CO%3B2-2"
    assert identifiers.doi(stated) == "10.1002/(sici)1097-0258(19980815)17:15<1661::aid-sim968>3.0.co;2-2"


@given(HEX, st.sampled_from(["snp", "rel", "rev", "dir", "cnt"]))
def test_core_swhids_stay_what_they_are(hashed: str, kind: str) -> None:
    """A core SWHID, bare or as a URL of the archive, is its own normal form."""
    core = f"swh:1:{kind}:{hashed}"
    assert identifiers.swhid(core) == identifiers.swhid(f"https://archive.softwareheritage.org/{core}/") == core


def test_qualifiers_of_a_swhid_get_one_order() -> None:
    """Qualifiers may come in any order, and leave in that of the specification."""
    stated = f"{CNT};lines=9-15;path=/Examples/SimpleFarm/simplefarm.ml;anchor={REV};origin=https://example.org/a.git"
    wanted = f"{CNT};origin=https://example.org/a.git;anchor={REV};path=/Examples/SimpleFarm/simplefarm.ml;lines=9-15"
    assert identifiers.swhid(stated) == wanted


@pytest.mark.parametrize(
    "stated",
    [
        REV.upper(),
        REV[:-1],
        REV.replace("rev", "ori"),
        REV.replace(":1:", ":2:"),
        f"{REV};lines=1",
        f"{REV};path=/a",
        f"{CNT};lines=1;bytes=1",
        f"{CNT};lines=9-1",
        f"{CNT};lines=1;lines=2",
        f"{CNT};path=a",
        f"{CNT};path=/a%2",
        f"{CNT};anchor={CNT}",
        f"{CNT};visit={REV}",
        f"{CNT};origin=",
        f"{CNT};colour=red",
        f"{CNT};",
    ],
)
def test_what_is_no_swhid_is_refused(stated: str) -> None:
    """Wrong version, type, hash, qualifier or combination of them."""
    with pytest.raises(ValueError, match="is not a SWHID"):
        identifiers.swhid(stated)


@pytest.mark.parametrize(
    ("stated", "normal"),
    [
        ("RRID:SCR_003070", "RRID:SCR_003070"),
        ("scr_003070", "RRID:SCR_003070"),
        ("https://scicrunch.org/resolver/RRID:AB_2298772", "RRID:AB_2298772"),
        ("RRID: CVCL_1h60", "RRID:CVCL_1H60"),
        ("rrid:imsr_jax:000664", "RRID:IMSR_JAX:000664"),
        ("RRID:wb-strain:N2", "RRID:WB-STRAIN:N2"),
        ("RRID:BDSC_1495", "RRID:BDSC_1495"),
        ("RRID:Addgene_12259", "RRID:Addgene_12259"),
        ("RRID:SAMN19842595", "RRID:SAMN19842595"),
        ("https://identifiers.org/RRID:MGI:5649797", "RRID:MGI:5649797"),
    ],
)
def test_rrids_are_read_as_their_authorities_write_them(stated: str, normal: str) -> None:
    """URL, prefix and bare form of antibodies, software, cell lines, organisms, plasmids and samples."""
    assert identifiers.rrid(stated) == identifiers.rrid(normal) == normal


@pytest.mark.parametrize("stated", ["RRID:SCR_3070", "RRID:AB_12", "RRID:CVCL_123", "RRID:NOBODY_1", "RRID:", "AB"])
def test_what_no_authority_gives_is_no_rrid(stated: str) -> None:
    """The number of an RRID has the form that its authority uses."""
    with pytest.raises(ValueError, match="is not an RRID"):
        identifiers.rrid(stated)


def test_an_instrument_has_a_doi_or_a_handle() -> None:
    """PIDINST takes both, and says which it is."""
    assert identifiers.pidinst("https://doi.org/10.5442/NI000001") == "doi:10.5442/ni000001"
    assert identifiers.pidinst("http://hdl.handle.net/21.T11998/0000-001A-3905-1") == "hdl:21.T11998/0000-001A-3905-1"
    with pytest.raises(ValueError, match="PIDINST"):
        identifiers.pidinst("microscope 3")


@pytest.mark.parametrize(
    ("stated", "scheme"),
    [
        ("10.5281/zenodo.1234567", "doi"),
        ("https://doi.org/10.5281/zenodo.1234567", "doi"),
        (REV, "swh"),
        ("https://orcid.org/0000-0002-1825-0097", "orcid"),
        ("https://ror.org/05gq02987", "ror"),
        ("RRID:SCR_003070", "rrid"),
        ("hdl:21.11157/abc", "handle"),
        ("https://example.org/data?x=1", "url"),
    ],
)
def test_an_identifier_is_recognised(stated: str, scheme: str) -> None:
    """Each kind is told from the others; its normal form is recognised as the same."""
    found, normal = identifiers.recognise(stated)
    assert found == scheme
    again = normal if scheme != "handle" else f"hdl:{normal}"
    assert identifiers.recognise(again) == (found, normal)


READERS = [getattr(identifiers, name) for name in ("doi", "handle", "orcid", "ror", "rrid", "pidinst", "swhid", "url")]


@given(
    st.sampled_from(READERS), st.text(max_size=60) | st.just("https://user:secret@example.org/") | st.just("1" * 9999)
)
def test_anything_else_is_refused_in_one_short_sentence(read: Callable[[str], str], stated: str) -> None:
    """Whatever comes in, either a normal form comes out, or ValueError with one line that is not long."""
    said = outcome(read, stated)
    assert not re.search(r"[\n\x00]", said)
    assert len(said) < 3000


def outcome(read: Callable[[str], str], stated: str) -> str:
    """The normal form, or what is said against it."""
    try:
        return read(stated)
    except ValueError as error:
        return str(error) if len(str(error)) < 800 else "\n"
