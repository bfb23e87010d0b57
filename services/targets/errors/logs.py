"""What may be refused about openings of logs and the simulated clock."""

from __future__ import annotations

from shared.errors import Malformed, NotFound, RuleBroken


class LogIsOpenAlready(RuleBroken):
    """This jurisdiction has an open log already."""

    zh = "该行政区已开启日志。"


class ListedElsewhere(RuleBroken):
    """Another installation has opened a log for this jurisdiction first."""

    zh = "另一套系统已先为该行政区开启日志。"


class ZoneUnknown(Malformed):
    """There is no such time zone; use a name of the IANA database, such as Asia/Shanghai."""

    zh = "没有此时区,请使用 IANA 时区名,如 Asia/Shanghai。"


class PartitionUnknown(Malformed):
    """The events topic has no such partition."""

    zh = "事件主题没有此分区。"


class InstantMissing(Malformed):
    """A simulated clock needs the instant at which it starts."""

    zh = "模拟时钟需要给出起始时刻。"


class InstantNotWanted(Malformed):
    """Under the broker's clock no instant can be given."""

    zh = "采用消息系统时钟时不能指定时刻。"


class InstantInvalid(Malformed):
    """This is no instant between 1990 and 2100."""

    zh = "这不是1990年至2100年之间的有效时刻。"


class ClockIsNotSimulated(NotFound):
    """This log keeps the real time, so there is no clock to set."""

    zh = "该日志使用真实时间,没有可设置的时钟。"


class ClockOnlyMovesForward(RuleBroken):
    """The simulated clock only moves forward."""

    zh = "模拟时钟只能向前拨。"
