"""An installation for each test of the pages, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.household import Household, furnish


@pytest.fixture
def household(database_url: str, tmp_path: Path) -> Iterator[Household]:
    """A small, furnished installation of the test's own."""
    made = furnish(tmp_path, database_url)
    yield made
    made.database.dispose()
