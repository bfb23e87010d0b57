"""One document out of several."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from services.gateway.main import document as of_all
from services.gateway.openapi import MergeConflict, merge
from services.gateway.upstreams import Upstream


def document(path: str, name: str, schemas: dict[str, Any], **about: Any) -> dict[str, Any]:
    answer = {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Row"}}}}}
    operation = {"operationId": name, "tags": [name], "responses": answer, **about}
    return {"paths": {path: {"get": operation}}, "components": {"schemas": schemas}}


def merged(**documents: dict[str, Any]) -> dict[str, Any]:
    return merge(documents, title="T", version="1", description="D")


def row_of(found: dict[str, Any], path: str) -> str:
    schema = found["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    return str(schema["$ref"]).rpartition("/")[2]


def test_what_is_alike_is_shared() -> None:
    row = {"type": "object"}
    found = merged(a=document("/a", "one", {"Row": row}), b=document("/b", "two", {"Row": row}))

    assert found["openapi"] == "3.1.0"
    assert list(found["paths"]) == ["/a", "/b"]
    assert found["components"]["schemas"] == {"Row": row}
    assert found["tags"] == [{"name": "one"}, {"name": "two"}]


def test_what_differs_under_one_name_is_renamed_with_every_reference_to_it() -> None:
    one = {"Row": {"type": "object"}, "Same": {"type": "string"}}
    two = {"Row": {"type": "array"}, "Same": {"type": "string"}}
    found = merged(a=document("/a", "one", one), b=document("/b", "two", two))

    assert sorted(found["components"]["schemas"]) == ["ARow", "BRow", "Same"]
    assert (row_of(found, "/a"), row_of(found, "/b")) == ("ARow", "BRow")


def test_what_leads_to_something_renamed_is_renamed_too() -> None:
    page = {"items": {"$ref": "#/components/schemas/Row"}}
    tagged = {"discriminator": {"propertyName": "kind", "mapping": {"row": "#/components/schemas/Row"}}}
    one = {"Row": {"type": "object"}, "Page": page, "Tagged": tagged}
    two = {"Row": {"type": "array"}, "Page": page}
    found = merged(a=document("/a", "one", one), b=document("/b", "two", two))

    schemas = found["components"]["schemas"]
    assert sorted(schemas) == ["APage", "ARow", "BPage", "BRow", "Tagged"]
    assert schemas["BPage"]["items"]["$ref"] == "#/components/schemas/BRow"
    assert schemas["Tagged"]["discriminator"]["mapping"] == {"row": "#/components/schemas/ARow"}


def test_two_operations_of_one_name_or_at_one_address_are_refused() -> None:
    with pytest.raises(MergeConflict, match="both call an operation one"):
        merged(a=document("/a", "one", {}), b=document("/b", "one", {}))
    with pytest.raises(MergeConflict, match="GET /a is offered twice"):
        merged(a=document("/a", "one", {}), b=document("/a", "two", {}))


def test_the_gateway_publishes_the_document_of_all(client: TestClient) -> None:
    found = client.get("/openapi.json").json()

    assert found["openapi"] == "3.1.0"
    assert "/v1/labels" in found["paths"]
    assert "/v1/jurisdictions/{jurisdiction}/records" in found["paths"]
    assert {"evaluation", "gateway", "projects", "targets"} <= {tag["name"] for tag in found["tags"]}
    assert "Problem" in found["components"]["schemas"]
    assert "bearer" in found["components"]["securitySchemes"]
    assert found["info"]["title"] == "Jikao"


@pytest.mark.anyio
async def test_a_service_is_given_the_time_to_write_its_document() -> None:
    waited: dict[str, float] = {}

    def answer(request: httpx.Request) -> httpx.Response:
        waited[request.url.path] = request.extensions["timeout"]["read"]
        return httpx.Response(200, json={"ready": True} if request.url.path == "/readyz" else document("/a", "one", {}))

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://targets") as client:
        targets = Upstream("targets", FastAPI(), client)
        assert await targets.unwell() is None
        await of_all(document("/b", "two", {}) | {"info": {"version": "1", "description": "D"}}, [targets])

    # Whether it is well must be known soon; its document is worked out once, beside whatever else the machine does.
    assert waited["/readyz"] < 5 < 20 < waited["/openapi.json"]
