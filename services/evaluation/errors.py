"""What evaluation may refuse."""

from __future__ import annotations

from shared.errors import Malformed, NotFound, RuleBroken, Unavailable


class EntryUnknown(NotFound):
    """There is no counted entry of this reference, or none within your scope."""

    zh = "没有此编号的已计入条目,或不在您的范围内。"


class EntryIsReturned(RuleBroken):
    """This entry has been returned to its reporter; its correction is another entry."""

    zh = "该条目已退回填报单位,更正后的内容是另一条目。"


class EntryIsCertified(RuleBroken):
    """This entry has been certified; it can be certified anew, but neither verified nor returned."""

    zh = "该条目已认定,可重新认定,但不能再审核或退回。"


class EntryIsNotVerified(RuleBroken):
    """An entry is verified before it is certified."""

    zh = "条目须先审核,后认定。"


class ValueNotConvertible(Malformed):
    """This value cannot be expressed exactly in the unit of measure of the entry's series."""

    zh = "该值无法准确换算为条目所属序列的计量单位。"


class SubmissionUnknown(NotFound):
    """No submission of this source and id has been read, or it is not one of your sources."""

    zh = "没有此来源与编号的填报,或不属于您的来源。"


class YearIsUnknown(NotFound):
    """This assessment year has not been opened."""

    zh = "该考核年度尚未开启。"


class MonthNotBegun(Malformed):
    """This month begins after as_of: nobody can have reported it yet."""

    zh = "该月份在 as_of 之后才开始,尚无填报。"


class RecordUnknown(NotFound):
    """The log has no record at this position, as known at the position asked about."""

    zh = "在所询位置,日志没有该记录。"


class CheckpointUnknown(NotFound):
    """The log carries no checkpoint of this size, as known at the position asked about."""

    zh = "在所询位置,日志没有此大小的检查点。"


class NotCoveredYet(RuleBroken):
    """No checkpoint, or not the one named, covers this record; a later one will."""

    zh = "尚无检查点(或所指定的检查点不)覆盖该记录,之后的检查点将会覆盖。"


class OlderSizeTooLarge(Malformed):
    """The older size may not be greater than the checkpoint's."""

    zh = "较早的大小不得大于检查点的大小。"


class ProofDoesNotHold(Unavailable):
    """What is stored no longer leads to what was signed, so no proof can be given; an operator has been alarmed."""

    zh = "存储内容与已签署的检查点不再相符,无法给出证明,已通知运维人员。"


class CheckpointsHalted(Unavailable):
    """The tree of this log is not the one that was signed before; nothing is signed until an operator has looked."""

    zh = "该日志的哈希树与先前签署的不符,在运维人员查明之前不再签署检查点。"


class DocumentNotKept(NotFound):
    """The bytes of this audit's document are not kept here any more; its figures can be folded again by a replay."""

    zh = "该审计文件的原始字节已不在此处,可通过重放重新计算。"


class EngineIsNotHere(Malformed):
    """This version of the system does not have this engine."""

    zh = "本系统当前版本不含该引擎。"


class EngineIsInForce(RuleBroken):
    """This engine, or a later one, is in force already; there is no way back to an earlier one."""

    zh = "该引擎或更高版本的引擎已在使用,不能退回。"
