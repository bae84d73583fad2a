"""Every test here works on a furnished installation of its own."""

from tests.furnished import furnished_postgres, furnished_sqlite, household, small_household

__all__ = ["furnished_postgres", "furnished_sqlite", "household", "small_household"]
