"""Which route a path belongs to."""

from __future__ import annotations

import pytest

from video_mockserver.api.contract import ROUTES
from video_mockserver.api.dialects import DIALECTS
from video_mockserver.api.routing import RouteTree, api_routes, routes_for


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_route_of_a_dialect_is_found_by_its_path(dialect: str) -> None:
    for route in routes_for(dialect):
        path = route.path.replace("{task_id}", "video_1").replace("{character_id}", "char_1")
        found = api_routes(dialect).find(route.method, path)
        assert found is not None
        assert found.route is route
        assert set(found.params.values()) <= {"video_1", "char_1"}


def test_a_dialect_has_only_its_own_routes() -> None:
    operations = {name: {route.operation for route in routes_for(name)} for name in DIALECTS}
    assert "edits" in operations["openai"] - operations["octopusx"]
    assert "unified_create" in operations["octopusx"] - operations["openai"]


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/v1/videos/video_1", {"task_id": "video_1"}),
        ("/v1/videos/a%2Fb", {"task_id": "a/b"}),
        ("/v1/videos/a%20b", {"task_id": "a b"}),
        ("/v1/videos/", None),
        ("/v1/videos//content", None),
        ("/v1/videos/a/b", None),
        ("/", None),
        ("", None),
    ],
)
def test_a_segment_is_a_parameter_once_it_is_unquoted(path: str, params: dict[str, str] | None) -> None:
    found = RouteTree(ROUTES).find("GET", path)
    assert (None if found is None else dict(found.params)) == params


def test_a_written_out_segment_wins_over_a_parameter() -> None:
    found = api_routes("octopusx").find("POST", "/v1/videos/extensions")
    assert found is not None
    assert found.route is not None
    assert found.route.operation == "extensions"


def test_a_path_with_another_method_names_the_methods_that_it_has() -> None:
    found = api_routes("octopusx").find("PUT", "/v1/videos/video_1")
    assert found is not None
    assert (found.route, found.allowed) == (None, ("DELETE", "GET"))


@pytest.mark.parametrize(
    ("path", "near"), [("/v1/v1/videos", "/v1/videos"), ("/v1/video", "/v1/videos"), ("/v1/model", "/v1/models")]
)
def test_a_path_that_was_not_found_has_near_ones(path: str, near: str) -> None:
    assert near in api_routes("octopusx").near(path)


def test_a_dialect_has_one_tree() -> None:
    assert api_routes("openai") is api_routes("openai")


def test_a_path_that_is_asked_again_is_not_searched_again() -> None:
    tree = RouteTree(ROUTES)
    assert tree.find("GET", "/v1/videos/video_1") is tree.find("GET", "/v1/videos/video_1")


def test_only_so_many_results_are_kept() -> None:
    tree = RouteTree(ROUTES, most_kept=3)
    first = tree.find("GET", "/v1/videos/video_0")
    for number in range(1, 3):
        tree.find("GET", f"/v1/videos/video_{number}")
    assert tree.find("GET", "/v1/videos/video_0") is first
    tree.find("GET", "/v1/videos/video_3")
    again = tree.find("GET", "/v1/videos/video_0")
    assert again is not first  # it was dropped, and is found anew
    assert again is not None
    assert first is not None
    assert (again.route, again.params) == (first.route, first.params)


def test_by_default_the_number_of_kept_results_is_bounded_too() -> None:
    tree = RouteTree(ROUTES)
    first = tree.find("GET", "/v1/videos/video_0")
    for number in range(5000):
        tree.find("GET", f"/v1/videos/video_{number}")
    assert tree.find("GET", "/v1/videos/video_0") is not first
