"""An installation in which every bundle is deployed, as in the product: made once, copied for each story or walk."""

from pathlib import Path

import pytest

from api import scenarios
from api.stories import shanghai
from engine import definitions
from engine.settings import ROOT
from tests.postgres import PostgresServer

TEMPLATE = "template_stories"


def _install(folder: Path, url: str = "") -> None:
    bundles = definitions.bundle_folders(ROOT / "bpmn")
    with scenarios.installation(ROOT / "bpmn", folder, shanghai("2020-01-01T00:00"), url, deploy=bundles):
        pass


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an installation on SQLite to copy."""
    folder = tmp_path_factory.mktemp("stories") / "sqlite"
    _install(folder)
    return folder


@pytest.fixture(scope="session")
def installed_on_postgres(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of an installation on PostgreSQL to copy, and the name of its database, which is a template."""
    folder = tmp_path_factory.mktemp("stories") / "postgresql"
    _install(folder, postgres.create(TEMPLATE))
    postgres.freeze(TEMPLATE)
    return folder, TEMPLATE
