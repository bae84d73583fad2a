"""The description of the interface that programs are made from (OpenAPI)."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.household import Household


@pytest.fixture
def described(small_household: Household) -> dict[str, Any]:
    return dict(small_household.anyone.get("/api/v1/openapi.json").json())


def operations(described: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, verbs in described["paths"].items():
        for verb, operation in verbs.items():
            yield f"{verb.upper()} {path}", operation


def test_every_operation_says_what_it_does(described: dict[str, Any]) -> None:
    assert len(list(operations(described))) > 25
    for name, operation in operations(described):
        assert operation["summary"], name
        assert operation["description"].endswith((".", ")")), name
        assert operation["tags"], name


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            for inner in value.values():
                yield from references(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from references(inner)

    found = set(references(described))
    assert found
    for reference in found:
        place: Any = described
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_every_operation_describes_how_it_fails(described: dict[str, Any]) -> None:
    for name, operation in operations(described):
        assert "application/problem+json" in operation["responses"]["default"]["content"], name


def test_only_tokens_and_codes_open_it(described: dict[str, Any]) -> None:
    schemes = described["components"]["securitySchemes"]
    assert [scheme["scheme"] for scheme in schemes.values()] == ["bearer"]
    for name, operation in operations(described):
        headers = {p["name"].lower() for p in operation.get("parameters", ()) if p["in"] == "header"}
        coded = {"duban-reference", "duban-query-code"} <= headers
        assert coded or operation.get("security"), name
        assert not [p for p in operation.get("parameters", ()) if p["in"] == "cookie"], name
