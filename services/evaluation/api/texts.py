"""Answers in plain text: notes and proofs, in formats of C2SP that other people's tools read too."""

from __future__ import annotations

from fastapi import Response

from shared.errors import Refusal
from shared.http.answers import Responses, asking
from shared.http.asking import Asked
from shared.proofs.consistency import ConsistencyProof
from shared.proofs.inclusion import InclusionProof

MEDIA_TYPE = "text/plain; charset=utf-8"

CHECKPOINT = """\
jikao/01978d5e-0000-7000-8000-000000000001
3
E1IE3qloZ/s+jh9xx9FwZ0gDLYPpBxUa6PGvFn/ZOsQ=

— jikao/01978d5e-0000-7000-8000-000000000001 \
an7UvxLMGVrPcosK2x0S+ZdfKeN7yEdUZyBP4mkEU6oJ+kfUYddBwVSdCQU0CxbquwSJwFKQ147/ISRSPyVJKgmh5Qw=
"""
"""Synthetic, like the two below; tests verify all three."""
INCLUSION = f"""\
c2sp.org/tlog-proof@v1
extra AAAAAAAAAAEABHJltPQU6HBjveeac/+O5Zlshjqeo2ipbNnO/5B2YI3H1gU1R4C7
index 1
98aCMJyDvLb+v/Z6ZM4TBTt+bidmI0rB2s0D7zfUrYA=
WZ11HupVHbb5t67YuJE78O0/sehjU15KjlL2/WOPggw=

{CHECKPOINT}"""
CONSISTENCY = f"""\
old 2
WZ11HupVHbb5t67YuJE78O0/sehjU15KjlL2/WOPggw=

{CHECKPOINT}"""
KEY_OF_CHECKPOINTS = "jikao/01978d5e-0000-7000-8000-000000000001+6a7ed4bf+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
KEY_OF_RECEIPTS = "jikao/receipts+da44e8ec+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"


def answered(description: str, example: str, *refusals: type[Refusal]) -> Responses:
    """For a question that is answered in text."""
    text = {"schema": {"type": "string"}, "example": example}
    return {200: {"description": description, "content": {"text/plain": text}}, **asking(*refusals)}


def answer(asked: Asked, text: str | InclusionProof | ConsistencyProof) -> Response:
    """The text as the answer, with the headers that were set on the way."""
    return Response(text if isinstance(text, str) else text.text(), media_type=MEDIA_TYPE, headers=asked.headers())
