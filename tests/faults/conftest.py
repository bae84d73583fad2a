"""A stage for each test, over the two databases, and one player for all tests of a process."""

from collections.abc import Iterator

import pytest

from tests.factories import World
from tests.faults.mailbox import Mailbox
from tests.faults.stage import Player, Stage


@pytest.fixture(scope="session")
def player() -> Iterator[Player]:
    player = Player()
    yield player
    player.close()


@pytest.fixture
def stage(world: World, player: Player) -> Stage:
    return Stage(world, player)


@pytest.fixture(scope="session")
def mailbox() -> Iterator[Mailbox]:
    with Mailbox().open() as mailbox:
        yield mailbox
