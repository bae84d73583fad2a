"""Whole journeys: by programs on a furnished installation, and in real browsers."""

from tests.browser.conftest import browser

__all__ = ["browser"]
