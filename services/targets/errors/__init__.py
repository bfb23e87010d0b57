"""What the rules of this service may refuse, a file for each subject; all of it under one address."""

from __future__ import annotations

from services.targets.errors.adjustments import *  # noqa: F403
from services.targets.errors.alignments import *  # noqa: F403
from services.targets.errors.catalogues import *  # noqa: F403
from services.targets.errors.kinds import *  # noqa: F403
from services.targets.errors.logs import *  # noqa: F403
from services.targets.errors.organisation import *  # noqa: F403
from services.targets.errors.parts import *  # noqa: F403
from services.targets.errors.scoring import *  # noqa: F403
from services.targets.errors.tables import *  # noqa: F403
from services.targets.errors.targets import *  # noqa: F403
from services.targets.errors.weights import *  # noqa: F403
from services.targets.errors.years import *  # noqa: F403
from shared.errors import Refusal


def at(refusal: type[Refusal], pointer: str, **about: object) -> Refusal:
    """The refusal of what stands at one place of the request."""
    return refusal(faults=[refusal().fault(pointer)], **about)
