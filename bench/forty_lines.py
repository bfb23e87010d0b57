"""What the door is measured beside: the endpoint one writes in forty lines. FastAPI, pydantic, kafka-python, crc32c.

It knows nobody, remembers nothing and looks nothing up: a body of the right form goes to the log as pydantic writes it,
and the answer is 202 once the broker has acknowledged it. `python -m bench.forty_lines BOOTSTRAP TOPIC PORT`
"""

from __future__ import annotations

import asyncio
import sys
from datetime import date
from typing import Annotated, Any, Literal

import uvicorn
from fastapi import FastAPI
from kafka import KafkaProducer
from pydantic import BaseModel, ConfigDict, Field

Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class Figure(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["target"]
    target: Code
    value: Annotated[str, Field(pattern=r"^-?(0|[1-9][0-9]{0,19})(\.[0-9]{1,12})?$")]
    unit_of_measure: Code
    effective_on: date


class Submission(BaseModel):
    model_config = ConfigDict(extra="forbid")
    entries: Annotated[list[Figure], Field(min_length=1, max_length=1000)]


def application(bootstrap: str, topic: str) -> FastAPI:
    app, producer = FastAPI(), KafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)

    @app.post("/v1/jurisdictions/{jurisdiction}/progress", status_code=202)
    async def submit(jurisdiction: str, submission: Submission) -> dict[str, int]:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Any] = loop.create_future()
        value = submission.model_dump_json().encode()
        producer.send(topic, value, key=jurisdiction.encode()).add_both(
            lambda outcome: loop.call_soon_threadsafe(done.set_result, outcome)
        )
        metadata = await done
        if isinstance(metadata, Exception):
            raise metadata
        return {"offset": metadata.offset}

    return app


if __name__ == "__main__":
    uvicorn.run(application(sys.argv[1], sys.argv[2]), port=int(sys.argv[3]), access_log=False, log_level="warning")
