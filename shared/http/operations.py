"""What an operator may have a running service do: fill its read models again from the log."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, StrictBool

from shared.http.problems import problems
from shared.identity.http import CallerDep, RoleMissing, WholeJurisdictionOnly
from shared.projections.read_side import RebuildIsRunning
from shared.service import Service


class RebuildOrder(BaseModel):
    """A mended projection differs from what it replaces on purpose; otherwise a difference is a fault."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"accept_differences": False}]})

    accept_differences: StrictBool = False


class RebuildReport(BaseModel):
    """The generation now in force, the tables in which old and new differed, and whether the new one took over."""

    service: str
    generation: int
    differing: list[str]
    switched: bool


def operations_router(service: str) -> APIRouter:
    """The operations of one service, under `/v1/operations/<service>`."""
    router = APIRouter(prefix=f"/v1/operations/{service}", tags=[service])

    async def rebuild(body: RebuildOrder, request: Request, caller: CallerDep) -> RebuildReport:
        """Fill the read models again from the log, compare, and put them in force. Reads go on meanwhile.

        Answers when it is done. With differences nothing is switched unless they are accepted.
        """
        if "admin" not in caller.roles:
            raise RoleMissing(needed_role="admin")
        if caller.scope != "all":
            raise WholeJurisdictionOnly(needed_scope="all")
        running: Service = request.app.state.service
        done = await run_in_threadpool(running.read_side.rebuild, accept_differences=body.accept_differences)
        return RebuildReport(
            service=service, generation=done.generation, differing=list(done.differing), switched=done.switched
        )

    router.add_api_route(
        "/rebuilds",
        rebuild,
        methods=["POST"],
        name=f"rebuild_{service}",
        operation_id=f"rebuild_{service}",
        responses=problems(RoleMissing, WholeJurisdictionOnly, RebuildIsRunning),
    )
    return router
