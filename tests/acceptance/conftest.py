"""Whole journeys: by programs on a furnished installation, and in real browsers."""

from tests.browser.conftest import axe, browser, furnished_office

__all__ = ["axe", "browser", "furnished_office"]
