"""Whole journeys: by programs on a furnished installation, and in real browsers."""

from tests.browser.conftest import browser
from tests.furnished import furnished_postgres, furnished_sqlite, household

__all__ = ["browser", "furnished_postgres", "furnished_sqlite", "household"]
