"""What may be refused about weights."""

from __future__ import annotations

from shared.errors import Malformed


class ShareOutOfRange(Malformed):
    """The least share is from 0 to 100 per cent."""

    zh = "最低占比须在0%至100%之间。"
