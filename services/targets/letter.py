"""A unit's responsibility letter (目标责任书) as Word: its table put into a template, which anybody may have written.

A template is text from outside that is run. So it may name what `Letter` offers, loop over the targets and ask whether
something is stated, and no more: no calls, no arithmetic, no filters, no loop inside another.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from types import CodeType
from typing import Any, TypedDict

from docx import Document
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, TemplateAssertionError, TemplateError, TemplateRuntimeError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.targets.errors.tables import NotALetterTemplate
from services.targets.letter_parts import Active, refuse_active, refuse_large
from services.targets.signature import UnitTable
from services.targets.table_text import COLUMNS, STATUSES, Line, day_text, lines, printable
from shared.projections import Standpoint
from shared.registry import Registry

MOST_WRITTEN = 4 * 2**20
"""Characters of one letter: its loops write what is in them once for each target."""
DEEPEST_LOOP = 1
_PLAIN = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Const, nodes.For, nodes.If,
    nodes.Compare, nodes.Operand, nodes.Not, nodes.And, nodes.Or, nodes.CondExpr,
)  # fmt: skip


class UnitNamed(TypedDict):
    """A unit as letters name it."""

    code: str
    name: str


class Letter(TypedDict):
    """What a template may name. Everything is text, empty where there is nothing to say; dates as people write them.

    `targets`, and of them those that the unit `leads`, `supports` or `coordinates`, have the members of
    `table_text.COLUMNS`. `sha256` is what the unit signs for, `pin` lets anybody ask for the same table again.
    """

    year: str
    jurisdiction: str
    on: str
    unit: UnitNamed
    status: str
    issued_on: str
    signed_on: str
    sha256: str
    pin: str
    targets: list[Line]
    leads: list[Line]
    supports: list[Line]
    coordinates: list[Line]


class NotRendered(Exception):
    """The template cannot be turned into a letter; the message says why."""


def letter_of(table: UnitTable, registry: Registry, at: Standpoint, jurisdiction: str) -> Letter:
    """What a letter says of a unit's table at a standpoint."""
    targets, roles = lines(table, registry), [str(row["role"]) for row in table.document["targets"]]

    def having(role: str) -> list[Line]:
        return [line for line, of in zip(targets, roles, strict=True) if of == role]

    return Letter(
        year=str(table.document["year"]), jurisdiction=jurisdiction, on=day_text(at.as_of),
        unit=UnitNamed(code=table.named.code, name=printable(table.named.name.zh)), status=STATUSES[table.status],
        issued_on=day_text(table.issued.on) if table.issued else "",
        signed_on=day_text(table.signed.on) if table.signed else "",
        sha256=table.sha256, pin=at.text, targets=targets, leads=having("lead"), supports=having("supporting"),
        coordinates=having("coordination"),
    )  # fmt: skip


def rendered(template: bytes, letter: Letter) -> bytes:
    """The letter's .docx file. NotRendered."""
    made = DocxTemplate(io.BytesIO(template))
    saved = io.BytesIO()
    try:
        made.render(dict(letter), jinja_env=_Plain(), autoescape=True)
        refuse_active(made)  # of what was put in its place too
        made.save(saved)
    except Exception as fault:  # docxtpl, python-docx, lxml and zipfile each end in their own, whatever they are given
        why = str(fault) if isinstance(fault, TemplateError | Active) else None
        raise NotRendered(why or type(fault).__name__) from fault
    return saved.getvalue()


def check_template(content: bytes) -> None:
    """A template is taken only if letters can be made from it. LetterTemplateTooLarge, NotALetterTemplate (`why`).

    Two samples are made: one with everything, with text that XML would take for its own, and one with next to nothing.
    """
    refuse_large(content)
    for sample in (SAMPLE, BARE_SAMPLE):
        try:
            refuse_active(Document(io.BytesIO(content)))
            said = _text_of(rendered(content, sample))
        except (NotRendered, Active) as fault:
            raise NotALetterTemplate(why=str(fault)) from fault
        for needed in (sample["unit"]["name"], *(target["name"] for target in sample["targets"])):
            if needed not in said:
                raise NotALetterTemplate(why=f"the sample letter does not say {needed}")


def _text_of(letter: bytes) -> str:
    document = Document(io.BytesIO(letter))
    return "".join(text.text or "" for text in document.element.body.iter(_TEXT))


_TEXT = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}t"


class _Plain(ImmutableSandboxedEnvironment):
    """Runs nothing but what a letter needs; what is misspelt is a fault, not a gap."""

    def __init__(self) -> None:
        super().__init__(autoescape=True, undefined=StrictUndefined)
        self.globals.clear()
        self.filters.clear()
        self.tests.clear()
        self._written = 0

    def concat(self, pieces: Iterable[str]) -> str:
        """How a part is put together from what is written of it, until all parts are longer than a letter may be."""
        found = []
        for piece in pieces:
            self._written += len(piece)
            if self._written > MOST_WRITTEN:
                raise TemplateRuntimeError(f"the letter would be longer than {MOST_WRITTEN} characters")
            found.append(piece)
        return "".join(found)

    def compile(self, source: Any, *args: Any, **more: Any) -> CodeType:  # type: ignore[override]
        """Every part of a template comes through here: body, headers, footers, footnotes, properties."""
        parsed = self.parse(source) if isinstance(source, str) else source
        _refuse_more_than_plain(parsed, 0)
        compiled = super().compile(parsed, *args, **more)
        assert isinstance(compiled, CodeType)
        return compiled


def _refuse_more_than_plain(node: nodes.Node, depth: int) -> None:
    depth += isinstance(node, nodes.For)
    hidden = isinstance(node, nodes.Getattr) and node.attr.startswith("_")
    if not isinstance(node, _PLAIN) or depth > DEEPEST_LOOP or hidden:
        raise TemplateAssertionError(f"a letter's template may not use this: {type(node).__name__}", node.lineno)
    for child in node.iter_child_nodes():
        _refuse_more_than_plain(child, depth)


def _sample_line(name: str, **stated: str) -> Line:
    return {member: "" for member in COLUMNS} | {"name": name, "code": "sample", "number": "1", **stated}


_FULL = _sample_line(
    "示例目标 <A> & “B”", category="民生", issuer="省", kind="累计", direction="越高越好", unit_of_measure="公里",
    value="12345678901234567890.5", role="牵头", part="0.000000000001", weight="12.5", points="10", tags="实事",
    valid_from="2009-01-01", unit="sample", unit_name="示例单位", text="按期办结", steps="开工（40%，2009年6月30日）",
)  # fmt: skip
SAMPLE = Letter(
    year="2009", jurisdiction="430300", on="2009年3月1日", unit=UnitNamed(code="sample", name="示例单位 <&>"),
    status="已签收", issued_on="2009年3月1日", signed_on="2009年3月5日", sha256="ab" * 32, pin="log.2009-03-01.1.ab",
    targets=[_FULL, _sample_line("又一示例目标", number="2")], leads=[_FULL],
    supports=[_sample_line("又一示例目标", number="2")], coordinates=[],
)  # fmt: skip
BARE_SAMPLE = Letter(
    year="2009", jurisdiction="430300", on="2009年3月1日", unit=UnitNamed(code="sample", name="示例单位"),
    status="未下达", issued_on="", signed_on="", sha256="ab" * 32, pin="log.2009-03-01.1.ab", targets=[], leads=[],
    supports=[], coordinates=[],
)  # fmt: skip
