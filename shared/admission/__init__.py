"""Admission: which entries of a record count, judged by one pure function of the records before it."""

from shared.admission.judge import UNRESOLVED, EntryState, Identity, Known, judge, judge_standing
from shared.admission.verdicts import Counted, EntryKey, Judgement, Outcome, Refused, Series, Withdrawn

__all__ = [
    "UNRESOLVED", "Counted", "EntryKey", "EntryState", "Identity", "Judgement", "Known", "Outcome", "Refused",
    "Series", "Withdrawn", "judge", "judge_standing",
]  # fmt: skip
