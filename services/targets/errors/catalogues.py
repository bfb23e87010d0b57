"""What may be refused about catalogues, their workbooks and the city's own additions."""

from __future__ import annotations

from shared.errors import Malformed, NotFound, RuleBroken, TooLarge


class CatalogueFaulty(Malformed):
    """The catalogue has faults, each named by its pointer; nothing of it was taken in."""

    zh = "目录有误,各处错误见指针,未导入任何内容。"


class EditionTaken(RuleBroken):
    """This edition of the issuer's catalogue has been imported already."""

    zh = "该发布方目录的此版次已导入。"


class CatalogueUnknown(NotFound):
    """There is no such catalogue."""

    zh = "没有此目录。"


class CatalogueIsUnknown(Malformed):
    """No complete catalogue of this year has this id."""

    zh = "该年度没有此编号的完整目录。"


class CatalogueOfOtherIssuer(RuleBroken):
    """This catalogue is of the other issuer."""

    zh = "该目录属于另一发布方。"


class NotAWorkbook(Malformed):
    """This is not an Excel workbook (.xlsx)."""

    zh = "这不是 Excel 工作簿(.xlsx)。"


class WorkbookTooLarge(TooLarge):
    """Unpacked, the workbook is larger than 64 MiB."""

    zh = "工作簿解压后超过 64 MiB。"


class EditionUnchanged(RuleBroken):
    """This is word for word the edition before it, so it is no new one."""

    zh = "内容与上一版次完全相同,不构成新版次。"


class AdditionFaulty(Malformed):
    """What is to be added has faults, each at its pointer."""

    zh = "增列指标有误,各处错误见指针。"


class AdditionTaken(RuleBroken):
    """The city has added an indicator under this code already."""

    zh = "本市已增列此编号的指标。"


class AdditionUnknown(NotFound):
    """There is no such addition, or it was withdrawn."""

    zh = "没有此增列指标,或已撤销。"
