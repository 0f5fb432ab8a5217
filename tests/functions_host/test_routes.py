"""Route templates and which of them answers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localdev.functions_host import StartError
from localdev.functions_host.routes import Routes, compile_route


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("calls/{id}", "/calls/7", {"id": "7"}),
        ("calls/{id}/{secret}", "/calls/7/s", {"id": "7", "secret": "s"}),
        ("calls/{id?}", "/calls", {}),
        ("calls/{id:int}", "/calls/-7", {"id": "-7"}),
        ("calls/{id:int}", "/calls/x", None),
        ("calls/{id:alpha}", "/calls/x7", None),
        ("calls/{on:bool}", "/calls/TRUE", {"on": "TRUE"}),
        (
            "calls/{id:guid}",
            "/calls/00000000-0000-0000-0000-000000000000",
            {"id": "00000000-0000-0000-0000-000000000000"},
        ),
        ("calls/{id:length(3)}", "/calls/abcd", None),
        ("calls/{id:length(2,4)}", "/calls/abcd", {"id": "abcd"}),
        ("calls/{id:minlength(2)}", "/calls/a", None),
        ("calls/{id:maxlength(2)}", "/calls/abc", None),
        ("calls/{id:regex(^[ab]+$)}", "/calls/abba", {"id": "abba"}),
        ("files/{*rest}", "/files/a/b/c", {"rest": "a/b/c"}),
        ("files/{name}.{ext}", "/files/a.txt", {"name": "a", "ext": "txt"}),
        ("a.b", "/axb", None),
        ("", "/", {}),
        ("calls/{id}", "/calls/a%2Fb", {"id": "a/b"}),
    ],
)
def test_a_template_matches_its_paths(
    template: str, path: str, values: dict[str, str] | None
) -> None:
    routes = Routes([compile_route("f", template, ["get"])])

    found = routes.find("GET", path)

    assert (found and found.parameters) == values


@pytest.mark.parametrize("template", ["{id:odd}", "a{*rest}", "x{y?}z"])
def test_a_template_that_is_not_understood_is_an_error_at_start(template: str) -> None:
    with pytest.raises(StartError, match="'f'"):
        compile_route("f", template, [])


def test_methods_choose_between_functions_of_one_template() -> None:
    routes = Routes([compile_route("read", "x", ["GET"]), compile_route("write", "x", ["post"])])

    found = [routes.find(method, "/x") for method in ("GET", "POST", "PUT")]

    assert [match and match.route.function for match in found] == ["read", "write", None]


@settings(derandomize=True, deadline=None)
@given(st.permutations(["a/b", "a/{x:int}", "a/{x}", "{x}/b", "{*rest}"]))
def test_the_more_exact_template_wins_in_any_order(order: list[str]) -> None:
    routes = Routes([compile_route(template, template, []) for template in order])

    found = [routes.find("GET", path) for path in ("/a/b", "/a/7", "/a/z", "/z/b", "/z/z")]

    assert [match and match.route.function for match in found] == [
        "a/b",
        "a/{x:int}",
        "a/{x}",
        "{x}/b",
        "{*rest}",
    ]
