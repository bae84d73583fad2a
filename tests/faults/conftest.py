"""A stage for each test, over the two databases, and one player for all tests of a process, who has rehearsed."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories import World, installation
from tests.faults.mailbox import Mailbox
from tests.faults.stage import Player, Stage
from tests.faults.story import rehearsed
from tests.postgres import PostgresServer


@pytest.fixture(scope="session")
def player() -> Iterator[Player]:
    player = Player()
    yield player
    player.close()


@pytest.fixture(scope="session")
def rehearsed_on_sqlite(player: Player, sqlite_city: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("rehearsal")
    shutil.copyfile(sqlite_city, folder / "duban.db")
    with installation(f"sqlite:///{folder / 'duban.db'}", folder) as world:
        rehearsed(Stage(world, player))


@pytest.fixture(scope="session")
def rehearsed_on_postgresql(
    player: Player, postgres: PostgresServer, postgres_city: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    url = postgres.create("rehearsal", postgres_city)
    with installation(url, tmp_path_factory.mktemp("rehearsal")) as world:
        rehearsed(Stage(world, player))


@pytest.fixture
def stage(request: pytest.FixtureRequest, world: World, player: Player) -> Stage:
    request.getfixturevalue("rehearsed_on_sqlite" if world.database.sqlite else "rehearsed_on_postgresql")
    return Stage(world, player)


@pytest.fixture(scope="session")
def mailbox() -> Iterator[Mailbox]:
    with Mailbox().open() as mailbox:
        yield mailbox
