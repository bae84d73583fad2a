"""Installations in which a bundle and those that its stories reach are deployed: made once, copied for each story or walk."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from api import scenarios
from api.stories import shanghai
from tests.postgres import PostgresServer


def _install(bundle: Path, folder: Path, url: str = "") -> None:
    with scenarios.installation(bundle, folder, shanghai("2020-01-01T00:00"), url, fresh=True):
        pass


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Gives the folder of an installation to copy, made when a bundle is first needed."""

    @cache
    def make(bundle: Path) -> Path:
        folder = tmp_path_factory.mktemp("stories") / bundle.name
        _install(bundle, folder)
        return folder

    return make


@pytest.fixture(scope="session")
def installed_on_postgres(
    postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Path], tuple[Path, str]]:
    """Gives the folder of an installation to copy and the name of its database, which is a template."""

    @cache
    def make(bundle: Path) -> tuple[Path, str]:
        folder, name = tmp_path_factory.mktemp("stories") / bundle.name, f"stories_{bundle.name}"
        _install(bundle, folder, postgres.create(name))
        postgres.freeze(name)
        return folder, name

    return make
