"""Installations for the tests of the pages. What pages do does not depend on the database."""

import pytest

from tests.household import Household


@pytest.fixture
def household(small_household: Household) -> Household:
    """A small, furnished installation of the test's own, on SQLite only."""
    return small_household
