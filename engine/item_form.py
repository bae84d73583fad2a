"""The form of a catalogue item (``bpmn/shared/item``): what may be said of one, by hand, as CSV or as JSON-LD."""

import json
import tomllib
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine import domains
from engine.form_problems import FormInvalid, Problem
from engine.forms import Form
from engine.models import CatalogueRevision
from engine.settings import Settings

MACHINE_READABLE = frozenset({"csv", "json", "xml", "xlsx", "rdf", "geojson", "api"})  # Art. 19(2)
MOST_FIELDS, LONGEST_FIELD = 200, 200
_NOT_READABLE = Problem(
    "format",
    "/format",
    "machine_readable",
    "开放的数据应当是可机读标准格式（第十九条第二款）",
    "Open data are in a machine-readable format (Art. 19(2))",
)
_NO_NEED = Problem(
    "exemption",
    "/exemption",
    "contradiction",
    "开放或者待开放的数据不填写不开放的依据",
    "What is open, or to be opened, has no ground for staying closed",
)
_FIELDS_TOO_LONG = Problem(
    "fields",
    "/fields",
    "maxItems",
    f"数据项最多{MOST_FIELDS}行，每一部分最多{LONGEST_FIELD}字",
    f"At most {MOST_FIELDS} data fields, each part with at most {LONGEST_FIELD} characters",
)


def of(settings: Settings, locale: str = "zh") -> Form:
    """The form in the reader's language."""
    return _read(settings.bundles / "shared", "zh" if locale.startswith("zh") else "en")


@lru_cache(8)
def _read(shared: Path, locale: str) -> Form:
    schema = json.loads((shared / "item" / "item.schema.json").read_text(encoding="utf-8"))
    ui = json.loads((shared / "item" / "item.ui.json").read_text(encoding="utf-8"))
    known = domains.of(Settings(bundles=shared.parent)).by_key.values()
    domain = schema["properties"]["domain"]
    domain["oneOf"] = [{"const": d.key, "title": d.title} for d in known]
    form = Form(schema, ui)
    if locale == "zh":
        return form
    english = tomllib.loads((shared / "item" / "en.toml").read_text(encoding="utf-8"))
    english["domain"]["options"] = {d.key: d.title_en for d in known}
    return form.localised(english)


def problems(settings: Settings, values: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Everything that is wrong with what is said of an item."""
    found = of(settings).problems(values)
    wrong = {problem.field for problem in found}
    if "format" not in wrong and values.get("opening") == "open" and values.get("format") not in MACHINE_READABLE:
        found += (_NOT_READABLE,)
    if values.get("opening") != "closed" and values.get("exemption"):
        found += (_NO_NEED,)
    lines = _lines(str(values.get("fields") or ""))
    if len(lines) > MOST_FIELDS or any(len(part) > LONGEST_FIELD for line in lines for part in line):
        found += (_FIELDS_TOO_LONG,)
    return found


def require(settings: Settings, values: Mapping[str, Any]) -> None:
    """Nothing is wrong with what is said of an item; raises FormInvalid."""
    if found := problems(settings, values):
        raise FormInvalid(found)


def columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """The answers of the form as columns of a revision."""
    texts = {name: str(values.get(name) or "") for name in _TEXTS}
    since = values.get("data_since")
    lines = _lines(str(values.get("fields") or ""))
    listed = [dict(zip(("name", "type", "note"), line, strict=False)) for line in lines]
    return texts | {"data_since": date.fromisoformat(since) if since else None, "fields": listed}


def answers(said: CatalogueRevision) -> dict[str, Any]:
    """A revision as answers of the form; what is empty is left out."""
    values: dict[str, Any] = {name: getattr(said, name) for name in _TEXTS}
    values["data_since"] = said.data_since.isoformat() if said.data_since else ""
    values["fields"] = "\n".join(
        "，".join(field[part] for part in ("name", "type", "note") if part in field) for field in said.fields
    )
    return {name: value for name, value in values.items() if value}


_TEXTS = (
    "name",
    "name_en",
    "description",
    "domain",
    "sharing",
    "conditions",
    "opening",
    "exemption",
    "format",
    "url",
    "update_frequency",
    "classification",
    "contact",
)


def _lines(text: str) -> list[list[str]]:
    """Data fields as they are written: one a line (or between semicolons), their parts between commas."""
    lines = [line.strip() for line in text.replace("；", "\n").replace(";", "\n").splitlines()]
    return [[part.strip() for part in line.replace(",", "，").split("，", 2)] for line in lines if line]
