"""Everything the system may refuse, as one family; `shared/http/problems.py` alone turns it into HTTP.

    Refusal
     ├── Malformed            the request cannot be read as what it should be
     ├── NotAuthenticated     no valid token
     ├── NotPermitted         the token lacks a role or scope
     ├── NotFound             no such thing, or none within the caller's scope
     ├── RuleBroken           well formed, but a rule of assessment forbids it
     ├── VersionConflict      somebody else changed it first
     ├── Locked               the period is closed
     ├── PreconditionMissing  If-Match is missing
     ├── Gone                 it was there once; what the caller holds is no longer valid
     ├── TooLarge             over a documented limit of size
     ├── TooMany              over a documented limit of rate
     └── Unavailable          try again later; carries how long to wait

A leaf is a name and one sentence for the person refused (its docstring; `zh` says the same in Chinese).
The name gives the stable code: `TargetIsWithdrawn` is `TARGET_IS_WITHDRAWN`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault inside a request: where (a JSON pointer, RFC 6901), which, and in words."""

    pointer: str
    code: str
    message: str
    message_zh: str


class Refusal(Exception):
    """The request was refused."""

    zh: ClassVar[str] = "请求被拒绝。"

    def __init__(self, *, faults: Sequence[Fault] = (), **about: object) -> None:
        """`about` names what the refusal is about (shown to the caller); `faults` says where in the request."""
        super().__init__(self.sentence())
        self.about = about
        self.faults = tuple(faults)

    @classmethod
    def code(cls) -> str:
        """The stable code of this refusal, e.g. `TARGET_IS_WITHDRAWN`."""
        return _WORD_START.sub("_", cls.__name__).upper()

    @classmethod
    def sentence(cls, language: str = "en") -> str:
        """The one sentence for the person refused, in `en` or `zh`."""
        if language == "zh":
            return cls.zh
        return " ".join((cls.__doc__ or "").split("\n\n")[0].split())

    def fault(self, pointer: str) -> Fault:
        """This refusal as one fault of a larger request."""
        return Fault(pointer, self.code(), self.sentence(), self.sentence("zh"))


class Malformed(Refusal):
    """The request cannot be read as what it should be."""

    zh = "请求的格式或内容无法识别。"


class NotAuthenticated(Refusal):
    """A valid bearer token is needed."""

    zh = "需要有效的访问令牌。"


class NotPermitted(Refusal):
    """The token lacks a role or scope that this needs."""

    zh = "令牌缺少所需的角色或范围。"


class NotFound(Refusal):
    """There is no such thing, or none within your scope."""

    zh = "不存在,或不在您的范围内。"


class RuleBroken(Refusal):
    """A rule of assessment forbids this."""

    zh = "考核规则不允许。"


class VersionConflict(Refusal):
    """Somebody else changed this first; read it again and decide anew."""

    zh = "已被他人先行修改,请重新读取后再定。"


class Locked(Refusal):
    """The period is locked."""

    zh = "该期间已锁定。"


class PreconditionMissing(Refusal):
    """A required precondition header is missing."""

    zh = "缺少必需的前置条件请求头。"


class Gone(Refusal):
    """What you hold is no longer valid."""

    zh = "您所持有的凭据已失效。"


class TooLarge(Refusal):
    """The request is over a documented limit of size."""

    zh = "请求超过规定的大小限制。"


class TooMany(Refusal):
    """Too many requests; slow down."""

    zh = "请求过于频繁,请放慢。"


class Unavailable(Refusal):
    """This cannot be answered right now; try again shortly."""

    zh = "暂时无法答复,请稍后重试。"

    def __init__(self, *, retry_after: int = 1, faults: Sequence[Fault] = (), **about: object) -> None:
        """`retry_after` is in whole seconds."""
        super().__init__(faults=faults, **about)
        self.retry_after = retry_after


class IdReused(RuleBroken):
    """This id or Idempotency-Key was already used for something else."""

    zh = "该编号或幂等键已用于其他内容。"
