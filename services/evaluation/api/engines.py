"""Adopt the engine by which a log is judged from here on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from services.evaluation.engine import adopt_engine, engine_stream
from services.evaluation.errors import EngineIsInForce, EngineIsNotHere
from shared.http.answers import commanded
from shared.http.ordering import OrderingDep, Recorded

router = APIRouter(prefix="/v1/jurisdictions/{jurisdiction}", tags=["evaluation"])


class EngineBody(BaseModel):
    """The engine's number. 2: the state of a year decides whether its values are verified, certified or returned."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"engine": 2}]})

    engine: Annotated[int, Field(strict=True, ge=1, lt=1000)]


@router.post("/engines", status_code=201, responses=commanded(EngineIsNotHere, EngineIsInForce))
async def adopt_log_engine(body: EngineBody, ordering: OrderingDep) -> Recorded:
    """Judge what is recorded from here on by another engine; what stands on the log keeps its judgement.

    Administrators only. First bring every service to a version that has the engine: an older one stops at this log.
    Which one is in force, or was, is in the read of the jurisdiction.
    """
    role = ordering.permit_whole("admin")
    done = await ordering.execute(role, engine_stream(), lambda in_force, _: adopt_engine(body.engine, in_force))
    return ordering.recorded(str(body.engine), done)
