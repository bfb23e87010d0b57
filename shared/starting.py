"""Starts that are refused: every reason that is known beforehand becomes one sentence that says what to do.

Imports nothing heavy by itself, so that a command line may start with it.
"""

from __future__ import annotations


class StartRefused(Exception):
    """The start is refused; the message is one sentence that says what to do."""


def in_one_sentence(error: BaseException) -> str | None:
    """What to tell the person who started the process; None for what nobody foresaw (a bug: show it whole)."""
    if isinstance(error, StartRefused):
        return str(error)
    from sqlalchemy.exc import OperationalError

    from shared.errors import Refusal
    from shared.event_log.kafka.opening import ChecksumPackageMissing
    from shared.event_log.kafka.provisioning import TopicMisconfigured
    from shared.event_log.port import LogUnavailable
    from shared.identity.issuer import IssuerRefused
    from shared.projections.rebinding import LogIsShorter
    from shared.proofs.signing import KeyUnusable
    from shared.storage import DatabaseIsFull, DatabaseUnavailable

    match error:
        case IssuerRefused() | TopicMisconfigured() | ChecksumPackageMissing() | KeyUnusable():
            return str(error)
        case LogUnavailable():
            return "No Kafka broker answers: check JIKAO_KAFKA_BOOTSTRAP and that the brokers run."
        case LogIsShorter():
            return (
                f"The database is ahead of the event log ({error}): restore the log, or rebuild this service's "
                "projections from the log you mean to keep."
            )
        case OperationalError():
            return _database_words(error.orig)
        case DatabaseIsFull():
            return "The disk of the database is full: make room and start again."
        case DatabaseUnavailable():
            return _database_words(getattr(error.__cause__, "orig", error.__cause__))
        case Refusal():
            return error.sentence()
        case _:
            return None


def _database_words(fault: object) -> str:
    words = " ".join(str(fault).split())
    return f"The database cannot be opened ({words}): check JIKAO_DATABASE_URL and that it runs."
