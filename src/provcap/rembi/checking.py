"""Entries → checked values; everything that is wrong is found in one go."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from provcap.rembi.entries import PROBLEMS, Entry, Problem, near, plain
from provcap.rembi.fields import ID, Field
from provcap.rembi.modules import BY_KEY, NAMES
from provcap.rembi.ontologies import METHODS, ORGANISMS

_WANTED = ("authors", "biosamples", "specimens", "acquisitions", "image_data")  #: by REMBI, besides the study
_NAMED = {"authors": "name"}  #: the attribute by which others refer to an entry; "id" otherwise


@dataclass(slots=True)
class Values:
    """An entry whose cells were checked."""

    entry: Entry
    one: dict[str, str] = field(default_factory=dict)  #: by attribute; of those that are known
    many: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What others call it."""
        return self.one.get(_NAMED.get(self.entry.module.key, "id"), "")


Checked = dict[str, list[Values]]  #: by the key of the module, in the order of the sheet


def check(entries: Sequence[Entry], problems: list[Problem]) -> Checked:
    """The values of `entries`; what is wrong goes to `problems`."""
    found: Checked = {key: [] for key in BY_KEY}
    for entry in entries:
        found[entry.module.key].append(_values(entry, problems))
        if len(problems) > PROBLEMS:
            break
    _check_modules(found, problems)
    for values in found.values():
        _check_names(values, problems)
    for values in found.values():
        for one in values:
            _check_references(one, found, problems)
    return found


def _values(entry: Entry, problems: list[Problem]) -> Values:
    values = Values(entry)
    for column in entry.module.fields:
        text = entry.text(column.attribute)
        if not text:
            if column.required:
                what = f"{column.name} is missing, and {NAMES[entry.module.of]} requires it"
                problems.append(Problem(entry.place(column.attribute), what))
            continue
        where = entry.place(column.attribute)
        between = "," if column.commas and not re.search(r"[;\n]", text) else r"[;\n]"
        parts = [part.strip() for part in re.split(between, text) if part.strip()] if column.many else [text]
        read = tuple(_read(column, part, where, problems) for part in parts)
        if column.many:
            values.many[column.attribute] = read
        else:
            values.one[column.attribute] = read[0]
    _check_pairs(values, problems)
    return values


def _read(column: Field, text: str, where: str, problems: list[Problem]) -> str:
    if column.choices:
        known = next((c for c in column.choices if plain(c) == plain(text)), None)
        if known is None:
            meant = near(text, column.choices) or f": one of {', '.join(column.choices)}"
            problems.append(Problem(where, f"{text[:80]!r} is no value of {column.name}{meant}"))
        return known or text
    try:
        return column.read(text) if column.read else text
    except ValueError as error:
        problems.append(Problem(where, f"{column.name}: {error}"))
        return text


def _check_pairs(values: Values, problems: list[Problem]) -> None:
    """An identifier stands beside the name that it is of; for every name one, where there are several."""
    entry = values.entry
    for column in entry.module.fields:
        named = column.attribute.removesuffix(ID)
        if named == column.attribute or not named:
            continue
        label = entry.module.field(named).name
        if column.attribute in values.one and named not in values.one:
            problems.append(Problem(entry.place(named), f"{column.name} is there, and {label} is not"))
        names, ids = values.many.get(named, ()), values.many.get(column.attribute, ())
        if column.many and names and ids and len(names) != len(ids):
            what = f"{len(ids)} of {column.name} for {len(names)} of {label}: one for each, with ; between them"
            problems.append(Problem(entry.place(column.attribute), what))
    _check_organism(values, problems)
    _check_methods(values, problems)


def _check_organism(values: Values, problems: list[Problem]) -> None:
    said, (prefix, _, number) = values.one.get("organism", ""), values.one.get("organism_id", "").partition(":")
    known = next((name for name, taxon in ORGANISMS.items() if taxon == number), None)
    wanted = next((taxon for name, taxon in ORGANISMS.items() if plain(name) == plain(said)), None)
    where = values.entry.place("organism_id")
    if wanted and prefix == "NCBITaxon" and wanted != number:
        what = f"NCBITaxon:{number} is {known}" if known else f"NCBITaxon:{number} is another organism"
        problems.append(Problem(where, f"{what}; {said} is NCBITaxon:{wanted}"))


def _check_methods(values: Values, problems: list[Problem]) -> None:
    """A method that the template offers has its own number in FBbi."""
    names, ids = values.many.get("methods", ()), values.many.get("methods_id", ())
    for name, identifier in zip(names, ids, strict=False):
        wanted = next((number for known, number in METHODS.items() if plain(known) == plain(name)), identifier)
        if re.fullmatch(r"FBbi:[0-9]{8}", identifier) and identifier != wanted:
            meant = next((known for known, number in METHODS.items() if number == identifier), "another method")
            what = f"{identifier} is {meant}; {name} is {wanted}"
            problems.append(Problem(values.entry.place("methods_id"), what))


def _check_modules(found: Checked, problems: list[Problem]) -> None:
    """What has to be there: a study, and with it the samples and images (REMBI) or annotations (MIFA)."""
    if not found["study"]:
        problems.append(Problem("Study", "it is empty: title, description, keywords and release date are required"))
    for extra in found["study"][1:]:
        problems.append(Problem(extra.entry.where, "a sheet tells of one study: this is a second one"))
    if found["annotations"]:
        _check_mifa(found, problems)
        return
    for key in _WANTED:
        if not found[key]:
            problems.append(Problem(BY_KEY[key].title, "it is empty, and REMBI requires at least one entry"))


def _check_mifa(found: Checked, problems: list[Problem]) -> None:
    for values in found["study"][:1]:
        licence, entry = values.one.get("license", ""), values.entry
        if not re.fullmatch(r"CC0(?:[ -]1\.0)?|CC[ _-]BY(?:[ -]4\.0)?", licence, re.I):
            problems.append(Problem(entry.place("license"), "MIFA requires a licence: CC0-1.0 or CC-BY-4.0"))
        if "funding" not in values.one:
            problems.append(Problem(entry.place("funding"), "MIFA requires a funding statement"))


def _check_names(values: Sequence[Values], problems: list[Problem]) -> None:
    """What others refer to has a name of its own."""
    seen: dict[str, str] = {}
    for one in values:
        attribute = _NAMED.get(one.entry.module.key, "id")
        where = one.entry.place(attribute)
        if ";" in one.name:
            problems.append(Problem(where, "; separates names: leave it out of this one"))
        if one.name and plain(one.name) in seen:
            problems.append(Problem(where, f"{one.name[:80]!r} stands in {seen[plain(one.name)]} already"))
        seen.setdefault(plain(one.name), where)


def _check_references(values: Values, found: Checked, problems: list[Problem]) -> None:
    """Names of other entries, which are written as these write themselves."""
    for column in values.entry.module.fields:
        if not column.refers:
            continue
        target = BY_KEY[column.refers]
        known = {plain(one.name): one.name for one in found[column.refers] if one.name}
        where = values.entry.place(column.attribute)
        said = values.many.get(column.attribute, ()) if column.many else (values.one.get(column.attribute, ""),)
        for name in filter(None, said):
            if plain(name) not in known:
                what = f"the sheet {target.title} has no {name[:80]!r}{near(name, known.values())}"
                problems.append(Problem(where, what))
        written = tuple(known.get(plain(name), name) for name in said if name)
        if column.many and written:
            values.many[column.attribute] = tuple(dict.fromkeys(written))
        elif written:
            values.one[column.attribute] = written[0]
