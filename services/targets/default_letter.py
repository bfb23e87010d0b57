"""The template that letters are made from until the office puts its own in place: a plain letter on one sheet.

Made by code, so that what it says can be read and compared here. Its tags are docxtpl's; letter.py says which names
a template may use.
"""

from __future__ import annotations

import io
from functools import cache
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

SONG, HEI = "宋体", "黑体"
_COLUMNS = (
    ("序号", "number", 1.2), ("目标", "name", 5.2), ("类别", "category", 1.9), ("目标值", "value", 2.1),
    ("单位", "unit_of_measure", 1.5), ("承担方式", "role", 1.7), ("本单位任务", "part", 2.1), ("权重", "weight", 1.3),
)  # fmt: skip
_MORE = "{% if target.text %}：{{ target.text }}{% endif %}{% if target.steps %}：{{ target.steps }}{% endif %}"
"""What milestone and qualitative targets ask for beside a value."""


@cache
def default_letter() -> bytes:
    """The template's .docx file."""
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.0)
    _font(document.styles["Normal"], SONG, 12)
    title = document.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _write(title, "{{ year }}年度目标管理责任书", HEI, 22)
    _write(document.add_paragraph(), "责任单位：{{ unit.name }}（{{ unit.code }}）")
    _write(document.add_paragraph(), "行政区：{{ jurisdiction }}    目标责任表日期：{{ on }}")
    _write(
        document.add_paragraph(),
        "本单位对下列目标负责，按期报告进度，并对所报数值的真实性负责。目标的调整以考核办公室公布的调整决定为准。",
    )
    _table(document)
    _write(document.add_paragraph(), "下达日期：{{ issued_on }}    签收情况：{{ status }}    签收日期：{{ signed_on }}")
    _write(document.add_paragraph(), "考核办公室（盖章）：                    责任单位（盖章）：")
    _write(document.add_paragraph(), "责任人（签字）：                        日期：      年    月    日")
    _write(document.add_paragraph(), "目标责任表校验值：{{ sha256 }}", size=8)
    _write(document.add_paragraph(), "查询凭据：{{ pin }}", size=8)
    saved = io.BytesIO()
    document.save(saved)
    return saved.getvalue()


def _table(document: Any) -> None:
    """A heading, and one row for each target: the rows above and below it only open and close the loop."""
    table = document.add_table(rows=4, cols=len(_COLUMNS))
    table.style, table.autofit = "Table Grid", False
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # on every page
    _write(table.cell(1, 0).paragraphs[0], "{%tr for target in targets %}")
    _write(table.cell(3, 0).paragraphs[0], "{%tr endfor %}")
    for at, (heading, member, width) in enumerate(_COLUMNS):
        table.columns[at].width = Cm(width)
        _write(table.cell(0, at).paragraphs[0], heading, HEI, 10)
        more = _MORE if member == "name" else ""
        _write(table.cell(2, at).paragraphs[0], f"{{{{ target.{member} }}}}{more}", size=10)


def _write(paragraph: Any, text: str, name: str = SONG, size: float = 12) -> None:
    _font(paragraph.add_run(text), name, size)


def _font(of: Any, name: str, size: float) -> None:
    """Word takes the font of Chinese characters from `w:eastAsia`, which python-docx does not set."""
    of.font.name, of.font.size = name, Pt(size)
    of.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), name)
