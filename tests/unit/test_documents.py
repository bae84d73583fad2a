"""The documents tell the truth about the code, as far as a machine can see."""

import re
from itertools import chain
from pathlib import Path

import pytest
from fastapi import FastAPI

from api.app import create_app, declared_routes
from api.composition import compose
from engine import models
from engine.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(chain(ROOT.glob("*.md"), ROOT.glob("docs/**/*.md"), ROOT.glob("bpmn/**/*.md")))
WHO = {
    "public": "anyone",
    "party": "reference and code",
    "person": "token",
    "supervisor": "token of a supervisor",
    "overseer": "token of a supervisor, leader or head of a unit",
    "administrator": "token of an administrator",
}
PACKAGES = {
    "### engine/": "engine",
    "### engine/runtime/": "engine/runtime",
    "### notices/": "notices",
    "### api/": "api",
}


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_document_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", document.read_text(encoding="utf-8"))
    pictures = {"docs/pictures/inbox.png"}  # taken by the browser tests
    assert [link for link in links if link not in pictures and not (document.parent / link).exists()] == []


def test_the_map_names_no_module_that_does_not_exist() -> None:
    for heading, folder in PACKAGES.items():
        section = text("ARCHITECTURE.md").split(f"{heading}\n")[1].split("\n### ")[0]
        named = set(re.findall(r"`([\w/]+\.(?:py|toml))`", section))
        assert named, heading
        assert {name for name in named if not (ROOT / folder / name).is_file()} == set(), folder


def test_every_table_has_a_line_in_the_glossary_or_belongs_to_the_machinery() -> None:
    machinery = {"ApiToken", "CaseLink", "FailedAttempts", "IdempotencyKey", "SearchEntry", "SystemValue", "WebSession"}
    tables = {name for name in models.__all__ if hasattr(getattr(models, name), "__tablename__")}
    explained = set(re.findall(r"`([A-Z]\w+)", text("docs/glossary.md")))
    assert tables - explained == machinery


def test_every_setting_is_explained_with_its_default() -> None:
    defaults: dict[str, str] = {}
    for row in re.findall(r"^\| (`DUBAN_[^|]+) \| ([^|]+) \|", text("README.md"), re.MULTILINE):
        names, told = (cell.split(", ") for cell in row)
        assert len(names) == len(told), row
        defaults |= {name.strip("`"): default.strip("`") for name, default in zip(names, told, strict=True)}
    for name, field in Settings.model_fields.items():
        told_default = defaults[f"DUBAN_{name.upper()}"]
        if isinstance(field.default, bool | int | float):
            assert told_default == (
                str(field.default).lower() if isinstance(field.default, bool) else f"{field.default:.10g}"
            )
        elif isinstance(field.default, str) and field.default:
            assert told_default == field.default


def test_the_tour_of_the_interface_lists_every_address_and_who_may_use_it(tmp_path: Path) -> None:
    database = compose(Settings(var=tmp_path))
    app: FastAPI = create_app(database)
    expected = [
        f"| {declared.method} | `{declared.path.removeprefix('/api/v1')}` | {WHO[declared.access.who]} | {summary} |"
        for declared in declared_routes()
        if declared.path.startswith("/api/v1")
        for summary in [app.openapi()["paths"][declared.path][declared.method.lower()]["summary"]]
    ]
    database.dispose()
    listed = [line for line in text("docs/api.md").splitlines() if re.match(r"\| (GET|POST) \|", line)]
    assert listed == expected


def test_every_decision_is_listed_and_has_its_four_parts() -> None:
    parts = ["## Context", "## Decision", "## Consequences", "## What would change our mind"]
    index = text("docs/adr/README.md")
    for decision in sorted((ROOT / "docs/adr").glob("[0-9]*.md")):
        lines = decision.read_text(encoding="utf-8").splitlines()
        assert [line for line in lines if line.startswith("## ")] == parts, decision.name
        title = lines[0].partition(" ")[2].partition(" ")[2]
        assert f"]({decision.name}) | {title} |" in index.replace(f"[{decision.name[:4]}]", "]"), decision.name
