"""Whole journeys: by programs on a furnished installation, and in real browsers."""

from tests.browser.conftest import axe, browser

__all__ = ["axe", "browser"]
