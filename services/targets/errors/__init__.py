"""What the rules of this service may refuse, a file for each subject."""

from __future__ import annotations

from shared.errors import Refusal


def at(refusal: type[Refusal], pointer: str, **about: object) -> Refusal:
    """The refusal of what stands at one place of the request."""
    return refusal(faults=[refusal().fault(pointer)], **about)
