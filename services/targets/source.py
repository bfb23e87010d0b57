"""Names under which clients report: bound to one client, never reused."""

from __future__ import annotations

from dataclasses import dataclass

from services.targets.errors.organisation import SourceNameTaken
from shared.contracts.shapes import Shape
from shared.contracts.targets import SourceRegistered
from shared.deciding import Fact, Stream


@dataclass(frozen=True, slots=True)
class RegisterSource:
    """`client` is the client_id of the tokens that may use the name."""

    source: str
    client: str


def source_stream(name: str) -> Stream[str | None]:
    """The stream of one name; its state is the client."""
    return Stream(f"source:{name}", None, evolve)


def register_source(command: RegisterSource, client: str | None) -> list[Fact]:
    """SourceNameTaken, even for the same client: a name is registered once."""
    if client is not None:
        raise SourceNameTaken(source=command.source)
    return [Fact(SourceRegistered(source=command.source, client=command.client))]


def evolve(client: str | None, fact: Shape) -> str | None:
    """Remember."""
    return fact.client if isinstance(fact, SourceRegistered) else client
