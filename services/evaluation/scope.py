"""What of a document lies within a caller's scope? Figures of the whole stay; parts and entries of others are left out.

The same question, pin and scope give the same document, so this is a function of these alone.
"""

from __future__ import annotations

from collections.abc import Set
from typing import cast

from services.evaluation.documents import Question
from services.evaluation.target_documents import Document
from shared.registry import Registry


def within(document: Document, question: Question, registry: Registry, units: Set[str]) -> Document:
    """The document without what belongs to units that are not among `units` (ids)."""
    codes = {registry.units.latest(id).code for id in units}
    match question.kind:
        case "target":
            return document | {"target": _target(cast(Document, document["target"]), codes)}
        case "history":
            return document | {"entries": _of_units(document["entries"], codes)}
        case "project":
            return _project(document, question.year, registry, units)
        case _:
            return document


def _target(target: Document, codes: Set[str]) -> Document:
    measures = cast(list[Document], target["measures"])
    narrowed = target | {
        "parts": _parts(cast(list[Document], target["parts"]), codes),
        "measures": [measure | {"levels": _of_units(measure["levels"], codes)} for measure in measures],
    }
    if "misses" in target:
        narrowed["misses"] = _of_units(target["misses"], codes)
    if "steps" in target:
        narrowed["steps"] = [_step(step, codes) for step in cast(list[Document], target["steps"])]
    return narrowed


def _parts(parts: list[Document], codes: Set[str]) -> list[Document]:
    """Those within scope, wherever they hang: beneath the nearest part above them that is, else at the top."""
    found: list[Document] = []
    for part in parts:
        beneath = _parts(cast(list[Document], part.get("parts", [])), codes)
        if part["unit"] not in codes:
            found += beneath
            continue
        own = {name: value for name, value in part.items() if name != "parts"}
        found.append(own | {"parts": beneath} if beneath else own)
    return sorted(found, key=lambda part: (str(part["unit"]), str(part["id"])))


def _step(step: Document, codes: Set[str]) -> Document:
    return step | {"reached_by": [unit for unit in cast(list[str], step["reached_by"]) if unit in codes]}


def _of_units(rows: object, codes: Set[str]) -> list[Document]:
    return [row for row in cast(list[Document], rows) if row["unit"] in codes]


def _project(document: Document, year: int, registry: Registry, units: Set[str]) -> Document:
    def ours(code: object) -> bool:
        id = registry.project_id(year, str(code))
        return id is not None and registry.projects.latest(id).unit in units

    made_of = cast(list[Document], document["made_of"])
    narrowed = document | {"made_of": [leaf for leaf in made_of if ours(leaf["code"])]}
    if not ours(narrowed.get("parent", "")):
        narrowed.pop("parent", None)
    return narrowed
