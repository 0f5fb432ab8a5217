"""Which function answers an HTTP request: ASP.NET route templates, compiled and put in order."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from .errors import StartError

_CONSTRAINTS = {
    "int": r"-?\d+",
    "long": r"-?\d+",
    "decimal": r"-?\d+(?:\.\d+)?",
    "double": r"-?\d+(?:\.\d+)?",
    "float": r"-?\d+(?:\.\d+)?",
    "bool": r"(?i:true|false)",
    "guid": r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}",
    "alpha": r"[A-Za-z]+",
}
_PARAMETER = re.compile(r"\{(\*{0,2})([A-Za-z_]\w*)(?::([^{}?]+))?(\?)?\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A template with its function; no methods means all. The lower `rank` is the more exact."""

    function: str
    template: str
    methods: frozenset[str]
    pattern: re.Pattern[str]
    rank: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The route that answers, and the values of its parameters."""

    route: Route
    parameters: dict[str, str]


class Routes:
    """All HTTP routes of an app."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = sorted(routes, key=lambda r: r.rank)

    def find(self, method: str, path: str) -> Match | None:
        """The first route in order that takes the method and the path, as it came (quoted).

        A path that is known under another method only is not found either, as in the real host.
        """
        for route in self._routes:
            if route.methods and method not in route.methods:
                continue
            if (found := route.pattern.fullmatch(path)) is not None:
                values = {k: unquote(v) for k, v in found.groupdict().items() if v is not None}
                return Match(route=route, parameters=values)
        return None


def compile_route(function: str, template: str, methods: Iterable[str]) -> Route:
    """Raises `StartError` for a template that this host does not understand."""
    segments = [s for s in template.strip("/").split("/") if s]
    pattern, rank = "", []
    for segment in segments:
        part, weight = _segment(function, segment)
        pattern += part
        rank.append(weight)
    return Route(
        function=function,
        template="/" + "/".join(segments),
        methods=frozenset(m.upper() for m in methods),
        # Routes of the real host do not mind case, nor a slash at the end.
        pattern=re.compile((pattern or "") + "/?", re.IGNORECASE),
        rank=tuple(rank),
    )


def _segment(function: str, segment: str) -> tuple[str, int]:
    """Literal before constrained before free parameters, and all before the rest of a path."""
    whole = _PARAMETER.fullmatch(segment)
    if whole is None:
        parts = [_piece(function, m) for m in _pieces(segment)]
        return "/" + "".join(parts), 0 if "{" not in segment else 1
    stars, name, constraint, optional = whole.groups()
    if stars:
        return f"(?:/(?P<{name}>.*))?", 4
    group = f"/(?P<{name}>{_values(function, constraint)})"
    return (f"(?:{group})?" if optional else group), 2 if constraint else 3


def _pieces(segment: str) -> list[str]:
    return [piece for piece in re.split(r"(\{[^{}]*\})", segment) if piece]


def _piece(function: str, piece: str) -> str:
    if not piece.startswith("{"):
        return re.escape(piece)
    found = _PARAMETER.fullmatch(piece)
    if found is None or found[1] or found[4]:
        raise StartError(f"function '{function}': the route part '{piece}' is not understood")
    return f"(?P<{found[2]}>{_values(function, found[3])})"


def _values(function: str, constraint: str | None) -> str:
    if constraint is None:
        return "[^/]+"
    if (bounds := re.fullmatch(r"(min|max)?length\((\d+)(?:,(\d+))?\)", constraint)) is not None:
        return _length(*bounds.groups())
    if (own := re.fullmatch(r"regex\((.+)\)", constraint)) is not None:
        return own[1].removeprefix("^").removesuffix("$")
    if constraint in _CONSTRAINTS:
        return _CONSTRAINTS[constraint]
    raise StartError(
        f"function '{function}': the route constraint '{constraint}' is not understood"
    )


def _length(which: str | None, first: str, second: str | None) -> str:
    match which:
        case "min":
            return f"[^/]{{{first},}}"
        case "max":
            return f"[^/]{{0,{first}}}"
        case _:
            return f"[^/]{{{first},{second or first}}}"
