"""The kinds of target (目标类型): what each one means. Pure.

`t` is the target's value, `a` what is reached, `r` the completion rate.

    kind         中文          lower is better   r                               reached (met)
    cumulative   累计          no                a / t                           a >= t
    floor        达到即可      no                a / t                           a >= t
    ceiling      逆向          yes               2 - a / t, not below 0          a <= t
    rate         比率          as it says        a / t, and a - t in pp          a >= t, or a <= t
    maintain     保持          as it says        a / t                           at every observation, any miss shows
    milestone    形象进度      no                the shares of the steps         all steps are reached
                                                 reached
    qualitative  定性          no                the share of the band chosen    the band stands for 100 %

No target is 0, for nothing could be divided by it. A rate with a negative actual counts 0. The steps of a milestone
target are measures of it: 1 says that the step is reached, 0 that it is not. A qualitative target is reported as the
share that a band stands for: 优/良/中/差 = 100/80/60/0 % unless its issuer says otherwise. Both are measured against
100 %.

What is to be kept in parts is held, part by part, to the value that the part was given. Percentages are never added up:
a target whose judged measure is in per cent has another roll-up than sum.

What can be issued is in `services.targets.kinds`, which values can be reported in `shared.admission.values`, rates are
computed in `services.evaluation.judged` and `services.evaluation.steps_and_bands`.
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.contracts.shapes import Label
from shared.contracts.target_kinds import Band
from shared.contracts.targets import Direction
from shared.quantities import canonical_text

DIRECTION_OF: dict[str, Direction] = {
    "cumulative": "higher", "floor": "higher", "ceiling": "lower", "milestone": "higher", "qualitative": "higher",
}  # fmt: skip
"""What a kind says about the direction; rate and maintain may go either way."""

OUT_OF_100 = frozenset({"milestone", "qualitative"})
"""The kinds whose value is 100 per cent, and nothing else."""

REACHED = "1"
"""What is reported of a step that is reached."""

USUAL_BANDS = (
    Band(code="excellent", name=Label(zh="优", en="excellent"), share="100"),
    Band(code="good", name=Label(zh="良", en="good"), share="80"),
    Band(code="fair", name=Label(zh="中", en="fair"), share="60"),
    Band(code="poor", name=Label(zh="差", en="poor"), share="0"),
)
"""The bands of a qualitative target whose issuer names no others."""


def band_of(bands: Sequence[Band], value: str) -> Band | None:
    """The band that a reported value stands for."""
    share = canonical_text(value)
    return next((band for band in bands if canonical_text(band.share) == share), None)
