"""Every way in which a check may fail: a stable code and one sentence each, so that a finding can be quoted.

CheckFailed
 ├── Malformed            the text is not what it should be
 ├── KeyUnknown           nobody we trust signed it
 ├── SignatureInvalid     somebody we trust is named, but did not sign these bytes
 └── …                    what the bytes say differs from what they should say
"""

from __future__ import annotations

import re
from typing import ClassVar

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class CheckFailed(Exception):
    """The check failed."""

    zh: ClassVar[str] = "校验未通过。"

    def __init__(self, about: str = "") -> None:
        """`about` names what was found where, e.g. "line 3" or "position 1234"; empty where there is no more to say."""
        super().__init__(f"{self.sentence()} ({about})" if about else self.sentence())
        self.about = about

    @classmethod
    def code(cls) -> str:
        """The stable code of this failure, e.g. `KEY_UNKNOWN`."""
        return _WORD_START.sub("_", cls.__name__).upper()

    @classmethod
    def sentence(cls, language: str = "en") -> str:
        """The one sentence about it, in `en` or `zh`."""
        return cls.zh if language == "zh" else " ".join((cls.__doc__ or "").split())


class Malformed(CheckFailed):
    """The text cannot be read as what it should be."""

    zh = "文本的格式无法识别。"


class KeyUnknown(CheckFailed):
    """No signature on it is by a key that was given as trusted."""

    zh = "其签名均非出自所信任的密钥。"


class SignatureInvalid(CheckFailed):
    """A trusted key is named as signer, but these are not the bytes that it signed."""

    zh = "所列签名者为受信任的密钥，但签名与内容不符。"


class OriginDiffers(CheckFailed):
    """It is about another log than the one asked about, or was signed under another log's name."""

    zh = "所述日志与所查日志不符，或以另一日志之名签署。"


class NotIncluded(CheckFailed):
    """The path does not lead from this record to the checkpoint's root: the record is not in that log."""

    zh = "证明路径无法由该记录到达检查点的根：该记录不在此日志中。"


class LogShrank(CheckFailed):
    """The newer checkpoint covers fewer records than the older one: the log was cut."""

    zh = "新检查点所含记录少于旧检查点：日志被截短。"


class LogForked(CheckFailed):
    """The newer checkpoint does not continue the older one: history below the older one was rewritten."""

    zh = "新检查点并非旧检查点的延续：旧检查点之前的历史已被改写。"


class RecordDiffers(CheckFailed):
    """These are not the bytes, time or place of the record that was proved."""

    zh = "该记录的内容、时间或位置与所证明的记录不符。"


class ReceiptDiffers(CheckFailed):
    """The receipt is about something else than what it is shown with."""

    zh = "回执所述与所出示的内容不符。"


class RecordMissing(CheckFailed):
    """A record is missing among the exported ones."""

    zh = "导出的记录中缺少一条。"


class RecordsOutOfOrder(CheckFailed):
    """The exported records are not in the order of the log."""

    zh = "导出的记录次序与日志不符。"


class RecordChanged(CheckFailed):
    """A record was changed, swapped or slipped in: the records do not have the root that was signed."""

    zh = "有记录被改动、调换或插入：所算得的根与已签署的根不符。"


class TailCut(CheckFailed):
    """The exported records end before the checkpoint does: the end of the log was cut off."""

    zh = "导出的记录未达检查点所含的条数：日志末尾被截去。"


class CheckpointTooOld(CheckFailed):
    """The checkpoint does not reach the record in question; ask for a later one."""

    zh = "检查点尚未覆盖所查记录，请索取更新的检查点。"


class RootDiffers(CheckFailed):
    """The root named in the audit is not that of the records up to its position."""

    zh = "审计所载的根与截至该位置的记录不符。"


class DocumentDiffers(CheckFailed):
    """This document was never sealed in this log: no sealed audit has its hash."""

    zh = "此文件未曾在该日志中封存：没有任何已封存的审计与其散列相符。"


class AnswerDiffers(CheckFailed):
    """Folding the records again gives another answer than the sealed document."""

    zh = "由记录重新计算所得的结果与已封存的文件不符。"
