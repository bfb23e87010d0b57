"""The city's target tables as an Excel workbook: a line for each unit's target, who has signed, where it stands.

Everything is text, quantities too: a spreadsheet would keep them in binary, and lose digits.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

from services.targets.signature import UnitTable
from services.targets.table_text import COLUMNS, STATUSES, day_text, lines, printable
from shared.projections import Standpoint
from shared.registry import Registry

TARGETS, SIGNATURES, NOTES = "目标责任表", "签收情况", "说明"
SIGNATURE_HEADINGS = (
    "单位编号", "责任单位", "签收情况", "目标数", "目标责任表校验值", "下达日期", "下达的校验值", "签收日期",
    "签收的校验值",
)  # fmt: skip
_WIDE = {"name": 40, "unit_name": 24}
_PLAIN_TEXT = "@"


def workbook(tables: Sequence[UnitTable], registry: Registry, year: int, at: Standpoint, jurisdiction: str) -> bytes:
    """The .xlsx file of these tables, as they stand at the standpoint."""
    book = Workbook(write_only=True)
    written = [line for table in tables for line in lines(table, registry)]
    widths = [_WIDE.get(name, 14) for name in COLUMNS]
    _sheet(book, TARGETS, tuple(COLUMNS.values()), ([line[name] for name in COLUMNS] for line in written), widths)
    signatures = (_signature(table) for table in tables)
    _sheet(book, SIGNATURES, SIGNATURE_HEADINGS, signatures, [14, 24, 14, 10, 66, 16, 66, 16, 66])
    notes = _notes(tables, len(written), year, at, jurisdiction)
    _sheet(book, NOTES, ("项目", "内容"), notes.items(), [18, 100])
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def _signature(table: UnitTable) -> list[str]:
    issued, signed = table.issued, table.signed
    return [
        table.named.code, table.named.name.zh, STATUSES[table.status], str(len(table.document["targets"])),
        table.sha256, day_text(issued.on) if issued else "", issued.row.sha256 if issued else "",
        day_text(signed.on) if signed else "", signed.row.sha256 if signed else "",
    ]  # fmt: skip


def _notes(
    tables: Sequence[UnitTable], targets: int, year: int, at: Standpoint, jurisdiction: str
) -> Mapping[str, str]:
    recorded = datetime.fromtimestamp(at.recorded_at / 1_000_000, UTC).astimezone(ZoneInfo(at.zone))
    stand = Counter(STATUSES[table.status] for table in tables)
    return {
        "考核年度": str(year), "行政区": jurisdiction, "数据日期": day_text(at.as_of),
        "截至日志位置": str(at.position), "该位置记录时间": recorded.isoformat(sep=" ", timespec="seconds"),
        "日志": at.log, "日志根": at.root, "查询凭据(pin)": at.text, "责任单位数": str(len(tables)),
        "目标条数": str(targets), **{f"{said}单位数": str(stand[said]) for said in STATUSES.values()},
        "数值": "各项数值均为文本，按登记时的精度列出，未作舍入。",
    }  # fmt: skip


def _sheet(
    book: Workbook, title: str, headings: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int]
) -> None:
    sheet = book.create_sheet(title)
    sheet.freeze_panes, sheet.print_title_rows = "A2", "1:1"
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", False
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)  # one page wide
    for at, width in enumerate(widths, start=1):
        column = sheet.column_dimensions[get_column_letter(at)]
        column.width, column.number_format = width, _PLAIN_TEXT
    cells = [WriteOnlyCell(sheet, heading) for heading in headings]
    for cell in cells:
        cell.font = Font(bold=True)
    sheet.append(cells)
    for row in rows:
        sheet.append([_text(sheet, value) for value in row])


def _text(sheet: object, value: str) -> object:
    """What begins like a formula or an error is text all the same: a name is never calculated."""
    value = printable(value)
    if not value.startswith(("=", "#")):
        return value
    cell = WriteOnlyCell(sheet, value)
    cell.data_type = "s"
    return cell
