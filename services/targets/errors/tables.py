"""What may be refused about target tables, signatures and letters."""

from __future__ import annotations

from shared.errors import Gone, Malformed, NotFound, RuleBroken, TooLarge


class TablesIssuedLater(RuleBroken):
    """Target tables of this year were issued on a later date already."""

    zh = "本年度已在更晚的日期下达过目标责任表。"


class NothingToIssue(RuleBroken):
    """Every unit's target table is as it was last issued, or no unit has a part of any target."""

    zh = "各单位的目标责任表与上次下达时相同,或尚无单位承担目标,没有可下达的内容。"


class TableUnknown(NotFound):
    """This unit has no target table of the year on that date, or it is outside your scope."""

    zh = "该单位在此日期没有本年度的目标责任表,或不在您的范围内。"


class TableIsNotIssued(RuleBroken):
    """The unit's target table has not been issued, so there is nothing to sign for."""

    zh = "该单位的目标责任表尚未下达,无可签收。"


class TableHasChanged(RuleBroken):
    """What is signed for must be the table as it was last issued, and as it still stands."""

    zh = "所签收的内容须与最近一次下达的目标责任表一致,且该表此后未变动。"


class SignedAlready(RuleBroken):
    """The unit has signed for this table already."""

    zh = "该单位已签收此目标责任表。"


class NotALetterTemplate(Malformed):
    """This is not a Word document (.docx) that a responsibility letter can be made from."""

    zh = "这不是可用于生成目标责任书的 Word 文档(.docx)。"


class LetterTemplateTooLarge(TooLarge):
    """Unpacked, the template is larger than 16 MiB, or one of its parts that hold text is larger than 1 MiB."""

    zh = "模板解压后超过 16 MiB,或其中某个含文字的部分超过 1 MiB。"


class LetterCannotBeMade(RuleBroken):
    """The letter cannot be made from the template in force then; the office can put another one in its place."""

    zh = "无法用当时生效的模板生成目标责任书,考核办公室可更换模板。"


class TemplateIsGone(Gone):
    """The log says which template was in force then, but its bytes are no longer kept; put it in force again."""

    zh = "日志中记录了当时生效的模板,但其内容已不再保存,请重新上传该模板。"
