"""The roles that people hold in an organisation, with their titles, from ``bpmn/shared/roles.toml``."""

import tomllib
from functools import lru_cache
from pathlib import Path

from engine.settings import Settings


@lru_cache(8)
def _read(path: Path) -> dict[str, tuple[str, str]]:
    if not path.is_file():
        return {}
    declared = tomllib.loads(path.read_text(encoding="utf-8")).get("roles", [])
    return {role["key"]: (role["title"], role.get("title_en", role["title"])) for role in declared}


def known(settings: Settings) -> frozenset[str]:
    """The keys of all roles."""
    return frozenset(_read(settings.bundles / "shared" / "roles.toml"))


def title(settings: Settings, role: str, locale: str = "zh") -> str:
    """What a role is called; its key when it is unknown."""
    zh, en = _read(settings.bundles / "shared" / "roles.toml").get(role, (role, role))
    return zh if locale.startswith("zh") else en
