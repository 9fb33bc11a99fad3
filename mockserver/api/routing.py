"""Which route a path is: a small tree over the contract's table, so that matching costs one look a segment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from .contract import ROUTES, Route
from .suggest import close_matches

__all__ = ["Match", "RouteTree", "api_routes", "routes_for"]

_PARAMETER = "{}"
_MOST_KEPT = 1024  # results of look-ups


class RouteTree:
    """Finds the route for a method and a raw path. A quoted slash is a part of its segment, not a separator.

    `most_kept` results are kept for the next time (default: 1024).
    """

    def __init__(self, routes: Iterable[Route], *, most_kept: int = _MOST_KEPT) -> None:
        self._most_kept = most_kept
        self._root: dict[str, dict[str, object]] = {}
        self._templates: dict[str, None] = {}
        self._found: dict[tuple[str, str], Match | None] = {}
        for route in routes:
            self._templates[route.path] = None
            node: dict[str, object] = self._root  # type: ignore[assignment]
            for segment in route.path.split("/")[1:]:
                key = _PARAMETER if segment.startswith("{") else segment
                node = node.setdefault(key, {})  # type: ignore[assignment]
            node.setdefault("/", {})[route.method] = route  # type: ignore[index]

    def find(self, method: str, path: str) -> Match | None:
        """The route, with what its path holds; a `Match` without a route when only the method is wrong."""
        key = (method, path)
        try:
            return self._found[key]
        except KeyError:
            # A client requests the same path again and again, but paths that nobody repeats must not pile up.
            if len(self._found) >= self._most_kept:
                self._found.clear()
            found = self._found[key] = self._search(method, path)
            return found

    def _search(self, method: str, path: str) -> Match | None:
        segments = path.split("/")
        ends: list[tuple[Mapping[str, Route], list[str]]] = []
        _walk(self._root, segments, 1, [], ends)
        for methods, values in ends:
            if route := methods.get(method):
                names = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
                return Match(route, dict(zip(names, values, strict=True)), ())
        if not ends:
            return None
        return Match(None, {}, tuple(sorted({name for methods, _ in ends for name in methods})))

    def near(self, path: str) -> list[str]:
        """The route templates most like a path that was not found."""
        if path.startswith("/v1/v1/"):
            return [path.removeprefix("/v1")]
        return close_matches(path, self._templates)


class Match:
    """What was found: the route and its parameters, or (with `route` None) the methods that the path does have."""

    __slots__ = ("allowed", "params", "route")

    def __init__(self, route: Route | None, params: Mapping[str, str], allowed: tuple[str, ...]) -> None:
        self.route = route
        self.params = params
        self.allowed = allowed


def _walk(
    node: Mapping[str, object],
    segments: list[str],
    index: int,
    values: list[str],
    ends: list[tuple[Mapping[str, Route], list[str]]],
) -> None:
    if index == len(segments):
        if methods := node.get("/"):
            ends.append((methods, values))  # type: ignore[arg-type]
        return
    segment = segments[index]
    if segment and (child := node.get(segment)):
        _walk(child, segments, index + 1, values, ends)  # type: ignore[arg-type]
    if segment and (child := node.get(_PARAMETER)):
        value = unquote(segment) if "%" in segment else segment
        _walk(child, segments, index + 1, [*values, value], ends)  # type: ignore[arg-type]


def routes_for(dialect: str) -> tuple[Route, ...]:
    """The routes that a dialect has."""
    return tuple(route for route in ROUTES if not route.dialects or dialect in route.dialects)


_trees: dict[str, RouteTree] = {}


def api_routes(dialect: str) -> RouteTree:
    """The tree of a dialect's routes; made once."""
    if dialect not in _trees:
        _trees[dialect] = RouteTree(routes_for(dialect))
    return _trees[dialect]
