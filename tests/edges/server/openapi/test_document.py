"""The OpenAPI document: valid, complete, and true to what the fake answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator, ValidationError
from openapi_spec_validator import OpenAPIV31SpecValidator

from support import asking
from support.asking import Answer, at_once, multipart, part
from support.fakes import SCENARIOS, Scenarios, make_fake, memory_clips
from video_mockserver.api.contract import CREATE_FIELDS, DOWNLOAD_ROUTE, TASK_QUERY
from video_mockserver.api.dialects import DIALECTS, Dialect
from video_mockserver.api.messages import Request
from video_mockserver.api.routing import routes_for
from video_mockserver.edges.server.control.routes import CONTROL_ROUTES
from video_mockserver.edges.server.control.schemas import CONTROL_SCHEMAS
from video_mockserver.edges.server.openapi.bodies import CREATE_FIELD_SCHEMAS
from video_mockserver.edges.server.openapi.document import openapi_document
from video_mockserver.edges.server.video_server import VideoServer
from video_mockserver.fake.fake import Fake
from video_mockserver.scenario.model import ReplyTemplate

DOCUMENTS = {dialect: json.loads(json.dumps(openapi_document(dialect))) for dialect in DIALECTS}
GATEWAYS = ("octopusx", "new-api")


@pytest.fixture(params=list(DIALECTS))
def dialect(request: pytest.FixtureRequest) -> Dialect:
    return DIALECTS[request.param]


@pytest.fixture
def document(dialect: Dialect) -> dict[str, Any]:
    return DOCUMENTS[dialect.name]


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "servers":
                yield method.upper(), path, operation


def operation_for(document: Mapping[str, Any], method: str, path: str) -> dict[str, Any]:
    """The operation for a raw path; a written segment wins over a parameter."""
    found = [
        (template.count("{"), operation)
        for of_method, template, operation in operations(document)
        if of_method == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)
    ]
    assert found, f"{method} {path} is not in the document"
    return min(found, key=lambda item: item[0])[1]


def fits(document: Mapping[str, Any], schema: Mapping[str, Any], data: Any) -> None:
    Draft202012Validator({**schema, "components": document["components"]}).validate(data)


class Checked:
    """Asks a fake and holds each answer against the document: status, headers, type and body."""

    def __init__(self, fake: Fake) -> None:
        self.fake = fake
        self.document = DOCUMENTS[fake.settings.dialect]

    def __call__(self, method: str, path: str, **options: Any) -> Answer:
        answer = asking.ask(self.fake, method, path, **options)
        self.check(method, path.partition("?")[0], answer)
        return answer

    def fetch(self, url: str, method: str = "GET", **options: Any) -> Answer:
        answer = asking.fetch(self.fake, url, method, **options)
        self.check(method, url.removeprefix(asking.ORIGINS.download).partition("?")[0], answer)
        return answer

    def check(self, method: str, path: str, answer: Answer) -> None:
        operation = operation_for(self.document, method, path)
        assert str(answer.status) in operation["responses"], (method, path, answer.status, answer.body[:300])
        response = operation["responses"][str(answer.status)]
        for name, header in response.get("headers", {}).items():
            value = answer.headers.get(name.lower())
            assert value is not None or not header.get("required"), f"{name} is missing"
            if value is not None:
                fits(self.document, header["schema"], value)
        content = response.get("content", {})
        if not content:
            assert not answer.body or method == "HEAD"
            return
        media_type = answer.headers["content-type"].partition(";")[0]
        matched = content.get(media_type, content.get(media_type.partition("/")[0] + "/*"))
        assert matched is not None, f"{media_type} is not one of {list(content)}"
        if media_type == "application/json":
            fits(self.document, matched["schema"], answer.json)

    def create(self, **wish: Any) -> str:
        return str(self("POST", "/v1/videos", json={**asking.CREATE, **wish}).json["id"])


def checked(dialect: str | Dialect = "octopusx", **options: Any) -> Checked:
    return Checked(make_fake(dialect=dialect if isinstance(dialect, str) else dialect.name, **options))


# --- the document -----------------------------------------------------------------------------------------------------


def test_it_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"].startswith("3.1")


def test_it_is_valid_with_every_option(dialect: Dialect) -> None:
    document = openapi_document(
        dialect.name, server_url="http://video.test/t/a", download_url="http://clips.test", scenarios=list(SCENARIOS)
    )
    OpenAPIV31SpecValidator(json.loads(json.dumps(document))).validate()


def test_it_is_data_without_surprises(document: dict[str, Any], dialect: Dialect) -> None:
    assert openapi_document(dialect.name) == document
    assert json.loads(json.dumps(openapi_document(dialect.name), allow_nan=False)) == document


def test_an_unknown_dialect_is_refused() -> None:
    with pytest.raises(ValueError, match="dialect: 'xai' must be one of octopusx, new-api, openai"):
        openapi_document("xai")


def test_it_has_each_route_of_the_dialect_and_no_other(document: dict[str, Any], dialect: Dialect) -> None:
    told = {(method, path) for method, path, _ in operations(document)}
    expected = {(route.method, route.path) for route in routes_for(dialect.name)}
    expected |= {("GET", DOWNLOAD_ROUTE.path), ("HEAD", DOWNLOAD_ROUTE.path)}
    expected |= {(route.method, route.full_path) for route in CONTROL_ROUTES}
    assert told == expected


def test_each_operation_has_a_name_of_its_own(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))


def test_every_schema_is_used_and_every_one_used_is_there(document: dict[str, Any]) -> None:
    used = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert used == set(document["components"]["schemas"])


def test_every_route_says_what_a_bad_key_and_a_wrong_method_get(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        assert "405" in operation["responses"], (method, path)
        if operation["tags"] == ["video"]:
            assert "401" in operation["responses"], (method, path)


def test_every_error_case_of_the_dialect_is_an_example_somewhere(document: dict[str, Any], dialect: Dialect) -> None:
    told = {
        name
        for _, _, operation in operations(document)
        for response in operation["responses"].values()
        for name in response.get("content", {}).get("application/json", {}).get("examples", {})
    }
    assert told == {*dialect.errors, "scripted"}


def test_every_example_fits_its_schema(document: dict[str, Any]) -> None:
    count = 0
    for _, _, operation in operations(document):
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for content in (content for body in bodies for content in body.get("content", {}).values()):
            for example in content.get("examples", {}).values():
                fits(document, content["schema"], example["value"])
                count += 1
            if "example" in content:
                fits(document, content["schema"], content["example"])
                count += 1
    for schema in document["components"]["schemas"].values():
        for example in schema.get("examples", []):
            fits(document, schema, example)
            count += 1
    assert count > 100


def test_a_task_has_the_documented_fields_types_and_order() -> None:
    schema = DOCUMENTS["octopusx"]["components"]["schemas"]["Task"]
    assert list(schema["properties"])[: len(TASK_QUERY)] == [fact.name for fact in TASK_QUERY]
    assert schema["required"] == [fact.name for fact in TASK_QUERY]
    for fact in TASK_QUERY:
        assert schema["properties"][fact.name]["type"] == fact.type
        assert schema["properties"][fact.name]["description"] == fact.meaning


@pytest.mark.parametrize(
    "change",
    [
        {"progress": "42"}, {"progress": 101}, {"created_at": None}, {"created_at": 1.5}, {"seconds": 6},
        {"object": "video.job"}, {"error": None}, {"error": ""}, {"error": {"message": ""}}, {"status": None},
        {"video_url": None}, {"output": "url"},
    ],
)  # fmt: skip
def test_a_task_that_breaks_the_promise_does_not_fit(change: dict[str, Any]) -> None:
    document = DOCUMENTS["octopusx"]
    task = document["components"]["schemas"]["Task"]
    example = task["examples"][0]
    fits(document, task, example)
    with pytest.raises(ValidationError):
        fits(document, task, {**example, **change})


@pytest.mark.parametrize("name", [fact.name for fact in TASK_QUERY])
def test_a_task_without_a_documented_field_does_not_fit(name: str) -> None:
    document = DOCUMENTS["octopusx"]
    task = document["components"]["schemas"]["Task"]
    with pytest.raises(ValidationError):
        fits(document, task, {key: value for key, value in task["examples"][0].items() if key != name})


@pytest.mark.parametrize(
    "name", ["MadeTask", "CreatedTask", "TaskError", "GatewayError", "OpenAIError", "ContentError"]
)
def test_what_the_fake_alone_makes_has_no_other_fields(name: str) -> None:
    assert DOCUMENTS["octopusx"]["components"]["schemas"][name]["additionalProperties"] is False


def test_a_head_has_no_bodies_and_knows_no_ranges(document: dict[str, Any]) -> None:
    heads = [operation for method, _, operation in operations(document) if method == "HEAD"]
    assert len(heads) == 2
    for operation in heads:
        assert not [response for response in operation["responses"].values() if "content" in response]
        assert "206" not in operation["responses"]
        assert "Range" not in {parameter["name"] for parameter in operation["parameters"]}


def test_the_statuses_are_closed_where_the_pages_name_all() -> None:
    statuses = {name: told["components"]["schemas"]["Task"]["properties"]["status"] for name, told in DOCUMENTS.items()}
    assert statuses["openai"]["enum"] == ["queued", "in_progress", "completed", "failed"]
    assert statuses["new-api"]["enum"] == ["queued", "in_progress", "completed", "failed"]
    assert "enum" not in statuses["octopusx"]


def test_a_body_may_hold_the_contracts_fields_and_no_others() -> None:
    assert CREATE_FIELD_SCHEMAS.keys() == CREATE_FIELDS


@pytest.mark.parametrize(("dialect", "required"), [("octopusx", ["model", "prompt"]), ("openai", ["prompt"])])
def test_a_create_takes_json_multipart_and_urlencoded(dialect: str, required: list[str]) -> None:
    content = DOCUMENTS[dialect]["paths"]["/v1/videos"]["post"]["requestBody"]["content"]
    assert list(content) == ["application/json", "multipart/form-data", "application/x-www-form-urlencoded"]
    for body in content.values():
        assert body["schema"]["required"] == required
    files = content["multipart/form-data"]["schema"]["properties"]
    assert files["image"]["format"] == files["input_reference"]["items"]["format"] == "binary"


def test_the_download_host_has_a_server_of_its_own() -> None:
    item = DOCUMENTS["octopusx"]["paths"][DOWNLOAD_ROUTE.path]
    assert item["servers"] == [{"url": "/_download"}]
    assert item["get"]["security"] == []
    document = openapi_document(server_url="http://video.test/t/a")
    assert document["servers"] == [{"url": "http://video.test/t/a"}]
    assert document["paths"][DOWNLOAD_ROUTE.path]["servers"] == [{"url": "http://video.test/t/a/_download"}]
    document = openapi_document(download_url="http://clips.test")
    assert document["paths"][DOWNLOAD_ROUTE.path]["servers"] == [{"url": "http://clips.test"}]


def test_the_scenario_header_is_told_with_the_names_that_there_are() -> None:
    def takers(document: dict[str, Any]) -> set[str]:
        return {
            operation["operationId"]
            for _, _, operation in operations(document)
            for parameter in operation.get("parameters", [])
            if parameter["name"] == "X-Mock-Scenario" and parameter["schema"] == {"type": "string", "enum": ["plain"]}
        }

    assert takers(openapi_document()) == set()
    assert takers(openapi_document(scenarios=["plain"])) == {
        "create", "remix", "extend", "extensions", "unified_create", "wrapped_create", "poll", "delete", "content",
        "head_content", "cancel", "unified_query", "wrapped_query",
    }  # fmt: skip


def test_control_says_what_it_takes() -> None:
    paths = DOCUMENTS["octopusx"]["paths"]
    body = paths["/_mock/clock/advance"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["required"] == ["seconds"]
    assert body["properties"]["seconds"] == {
        "type": "number", "minimum": 0, "maximum": 1_000_000_000,
        "description": "How far, in seconds of the fake's clock.",
    }  # fmt: skip
    body = paths["/_mock/tasks"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"]["dialect"]["enum"] == [*DIALECTS, None]
    assert paths["/_mock/health"]["get"]["security"] == []
    assert {} in paths["/_mock/tasks"]["get"]["security"]
    assert "application/yaml" in paths["/_mock/scenarios"]["post"]["requestBody"]["content"]
    assert {route.answer for route in CONTROL_ROUTES} | {"Error", "Exchange"} == CONTROL_SCHEMAS.keys()


# --- what the fake answers --------------------------------------------------------------------------------------------


def test_a_life_in_the_openai_format_fits(dialect: Dialect) -> None:
    ask = checked(dialect, poll_after_ms=500)
    id = ask.create(model=dialect.models[0])
    for _ in range(5):
        answer = ask("GET", f"/v1/videos/{id}")
    assert answer.headers["openai-poll-after-ms"] == "500"
    ask("GET", "/v1/videos?limit=1")
    ask("GET", "/v1/videos?order=asc&limit=100")
    ask("GET", f"/v1/videos?after={id}")
    ask("DELETE", f"/v1/videos/{id}")
    ask("GET", f"/v1/videos/{id}")
    ask("GET", "/v1/models")


@pytest.mark.parametrize("scenario", ["lifecycle/failed", "lifecycle/timed"])
def test_other_ends_fit(dialect: Dialect, scenario: str) -> None:
    ask = checked(dialect, scenario=scenario)
    id = ask.create()
    for _ in range(4):
        ask("GET", f"/v1/videos/{id}")
        ask.fake.advance(20)
    assert ask.fake.find_task(id).ended  # type: ignore[union-attr]


def test_a_cancelled_task_fits(dialect: Dialect) -> None:
    ask = checked(dialect)
    id = ask.create()
    assert ask("POST", f"/v1/videos/{id}/cancel").json["status"] in ("cancelled", "failed")
    assert ask("POST", f"/v1/videos/{id}/cancel").status == 400
    ask("GET", f"/v1/videos/{id}")


@pytest.mark.parametrize("operation", ["remix", "extend", "extensions"])
def test_tasks_made_from_another_fit(dialect: Dialect, operation: str) -> None:
    ask = checked(dialect)
    id = ask.create()
    body = {**asking.CREATE, "video": {"url": id}}
    path = "/v1/videos/extensions" if operation == "extensions" else f"/v1/videos/{id}/{operation}"
    made = ask("POST", path, json=body).json["id"]
    ask("GET", f"/v1/videos/{asking.quoted(made)}")
    ask("POST", path, json={})


def test_edits_and_characters_fit() -> None:
    ask = checked("openai")
    id = ask.create()
    ask("POST", "/v1/videos/edits", json={"prompt": "at night", "video": {"id": id}})
    upload = part("video", b"\x00\x01", filename="a.mp4", media_type="video/mp4")
    ask("POST", "/v1/videos/edits", **multipart(part("prompt", "at night"), upload))
    made = ask("POST", "/v1/videos/characters", **multipart(part("name", "Fox"), upload)).json["id"]
    assert ask("GET", f"/v1/videos/characters/{made}").status == 200
    assert ask("GET", "/v1/videos/characters/char_none").status == 404
    assert ask("POST", "/v1/videos/characters", json={}).status == 400


@pytest.mark.parametrize("dialect", GATEWAYS)
@pytest.mark.parametrize("model", ["grok-video-3", "sora-2", "seedance-1"])
@pytest.mark.parametrize("scenario", ["lifecycle/plain", "lifecycle/failed"])
def test_the_unified_and_the_wrapped_form_fit(dialect: str, model: str, scenario: str) -> None:
    ask = checked(dialect, scenario=scenario)
    wish = {"model": model, "prompt": "a fox"}
    unified = ask("POST", "/v1/video/create", json=wish).json["id"]
    wrapped = ask("POST", "/v1/video/generations", json=wish).json["data"]["task_id"]
    for _ in range(5):
        ask("GET", f"/v1/video/query?id={asking.quoted(unified)}")
        ask("GET", f"/v1/video/generations/{wrapped}")
    assert ask("GET", "/v1/video/query").status == 400
    assert ask("GET", "/v1/video/query?id=none").status == 400
    assert ask("GET", "/v1/video/generations/none").status == 400


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("headers", [{}, {"range": "bytes=0-9"}, {"range": "bytes=99999-"}, {"if-none-match": "etag"}])
@pytest.mark.parametrize("variant", ["video", "thumbnail", "spritesheet", "poster"])
def test_clips_and_pictures_fit(dialect: Dialect, method: str, headers: dict[str, str], variant: str) -> None:
    ask = checked(dialect, scenario=at_once())
    id = ask.create()
    etag = ask("GET", f"/v1/videos/{id}/content?variant={variant}").headers.get("etag", "")
    headers = {name: etag if value == "etag" else value for name, value in headers.items()}
    ask(method, f"/v1/videos/{id}/content?variant={variant}", headers=headers)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_content_that_is_not_there_fits(dialect: Dialect, method: str) -> None:
    ask = checked(dialect)
    id = ask.create()
    ask(method, f"/v1/videos/{id}/content")
    ask(method, "/v1/videos/none/content")
    ask(method, f"/v1/videos/{id}/content", key=None)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("headers", [{}, {"range": "bytes=0-9"}, {"range": "bytes=99999-"}, {"if-none-match": "etag"}])
def test_downloads_fit(method: str, headers: dict[str, str]) -> None:
    ask = checked(scenario=at_once())
    url = ask("GET", f"/v1/videos/{ask.create()}").json["video_url"]
    etag = ask.fetch(url).headers["etag"]
    ask.fetch(url, method, headers={name: etag if value == "etag" else value for name, value in headers.items()})
    assert ask.fetch(url + "0", method).status == 403
    assert ask.fetch(url, method, key="sk-leaked").status == 400
    assert ask.fetch(url.replace(".mp4", ".mov"), method).status == 404


@pytest.mark.parametrize("status", [400, 403, 404, 410, 429, 500, 502, 503])
def test_scripted_errors_of_the_download_host_fit(status: int) -> None:
    ask = checked(scenario=at_once(download=(ReplyTemplate(status=status),)))
    assert ask.fetch(ask("GET", f"/v1/videos/{ask.create()}").json["video_url"]).status == status


def test_a_download_host_that_wants_a_key_fits() -> None:
    ask = checked(scenario=asking.told({"completed": asking.done()}, download_auth="bearer"))
    assert ask.fetch(ask("GET", f"/v1/videos/{ask.create()}").json["video_url"]).status == 401


def test_the_errors_of_a_create_fit(dialect: Dialect) -> None:
    ask = checked(dialect, keys=["sk-good"])
    good = "sk-good"
    paths = ["/v1/videos", *(["/v1/video/create", "/v1/video/generations"] if dialect.name in GATEWAYS else [])]
    for path in paths:
        assert ask("POST", path, json=asking.CREATE, key=None).status == 401
        assert ask("POST", path, json=asking.CREATE, key="sk-bad").status == 401
        for options in (
            {"json": {}},
            {"json": {"model": "m"}},
            {"json": {"prompt": "p", "model": "m@nowhere"}},
            {"body": b"{", "content_type": "application/json"},
            {"body": b"x", "content_type": "multipart/form-data; boundary=b"},
        ):
            assert 400 <= ask("POST", path, key=good, **options).status < 500


@pytest.mark.parametrize("status", [403, 404, 429, 500, 502, 503])
@pytest.mark.parametrize("error", [None, {"code": "odd", "message": "odd"}])
def test_scripted_errors_fit(dialect: Dialect, status: int, error: dict[str, str] | None) -> None:
    scripted = (ReplyTemplate(status=status, error=error),)
    ask = checked(dialect, scenario=asking.told({"completed": asking.done()}, create=scripted))
    assert ask("POST", "/v1/videos", json=asking.CREATE).status == status
    ask = checked(dialect, scenario=at_once(poll=scripted, content=scripted))
    id = ask.create()
    assert ask("GET", f"/v1/videos/{id}").status == status
    assert ask("GET", f"/v1/videos/{id}/content").status == status
    assert ask("HEAD", f"/v1/videos/{id}/content").status == status


@pytest.mark.parametrize("case", ["task_not_exist", "bad_key"])
def test_scripted_refusals_of_a_poll_fit(dialect: Dialect, case: str) -> None:
    status = dialect.errors[case].status
    ask = checked(dialect, scenario=at_once(poll=(ReplyTemplate(status=status),)))
    assert ask("GET", f"/v1/videos/{ask.create()}").status == status


@pytest.mark.parametrize("status", [400, 404, 502])
def test_scripted_errors_of_content_fit(dialect: Dialect, status: int) -> None:
    ask = checked(dialect, scenario=at_once(content=(ReplyTemplate(status=status),)))
    assert ask("GET", f"/v1/videos/{ask.create()}/content").status == status


def test_a_wrong_method_and_an_unknown_route_fit(dialect: Dialect) -> None:
    ask = checked(dialect)
    for method, path, operation in operations(ask.document):
        if operation["tags"] != ["video"] or method == "HEAD":
            continue
        answer = asking.ask(ask.fake, "TRACE", re.sub(r"\{\w+\}", "x", path))
        assert answer.status == 405
        fits(ask.document, operation["responses"]["405"]["content"]["application/json"]["schema"], answer.json)
        assert answer.headers["allow"]
    answer = asking.ask(ask.fake, "GET", "/v1/videos//content")
    fits(ask.document, ask.document["paths"]["/v1/videos/{task_id}/content"]["get"]["responses"]["404"]["content"][
        "application/json"]["schema"], answer.json)  # fmt: skip


def test_a_body_that_is_too_large_fits(dialect: Dialect) -> None:
    fake = make_fake(dialect=dialect.name)
    reply = fake.refuse(Request("POST", "/v1/videos", asking.ORIGINS), "body_too_large")
    document = DOCUMENTS[dialect.name]
    schema = document["paths"]["/v1/videos"]["post"]["responses"]["413"]["content"]["application/json"]["schema"]
    assert isinstance(reply.body, bytes)
    fits(document, schema, json.loads(reply.body))


@pytest.mark.parametrize("form", ["json", "multipart", "urlencoded"])
def test_each_example_of_a_body_is_taken(dialect: Dialect, form: str) -> None:
    ask = checked(dialect, unknown_tasks="create")
    for method, path, operation in operations(ask.document):
        example = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
        if example is None:
            continue
        wish = {key: value for key, value in example.items() if isinstance(value, str)}
        if form == "json":
            options: dict[str, Any] = {"json": example}
        elif form == "multipart":
            video = [part("video[id]", "video_abc123")] if "video" in example else []
            options = multipart(*(part(name, value) for name, value in wish.items()), *video)
        else:
            options = asking.form(**wish, **({"video[id]": "video_abc123"} if "video" in example else {}))
        assert ask(method, path.replace("{task_id}", "video_abc123"), **options).status == 200


@pytest.mark.parametrize("prefix", ["", "/t/job"])
def test_a_server_shows_the_document_of_the_fake_that_was_asked(prefix: str) -> None:
    with VideoServer(library=Scenarios(), clip_store=memory_clips()) as server, server.fake(dialect="openai") as fake:
        document = httpx.get(f"{fake.origin}{prefix}/openapi.json").json()
    OpenAPIV31SpecValidator(document).validate()
    assert document["servers"] == [{"url": fake.origin + prefix}]
    assert ("/v1/videos/edits" in document["paths"]) is (prefix == "")
