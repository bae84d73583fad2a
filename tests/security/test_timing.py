"""How long an answer takes tells nothing: unknown logins and numbers cost the same work as wrong passwords and codes."""

import statistics
import time
from collections.abc import Callable

import pytest

from engine import directory, query_codes
from engine.access import PUBLIC, SYSTEM
from engine.directory import WrongCredentials
from engine.privacy import CaseKey
from tests.household import Household


def seconds(act: Callable[[], object], rounds: int = 5) -> float:
    """The usual processor time of something: the machine may be busy with other things."""
    taken = []
    for _ in range(rounds):
        begun = time.process_time()
        act()
        taken.append(time.process_time() - begun)
    return statistics.median(taken)


def test_an_unknown_login_costs_as_much_as_a_wrong_password(small_household: Household) -> None:
    def attempt(login: str) -> None:
        with small_household.database.reading(PUBLIC) as reading, pytest.raises(WrongCredentials):
            directory.sign_in(reading, login, "wrong-password")

    password = directory.hash_password("right-password")  # the household's own is hashed with less work
    with small_household.database.unit_of_work(SYSTEM) as uow:
        directory.set_password(uow, directory.person(uow, "handler").id, password)
    attempt("nobody")  # the decoy is made once
    known, unknown = seconds(lambda: attempt("handler")), seconds(lambda: attempt("nobody"))
    assert 0.5 < known / unknown < 2


def test_an_unknown_number_derives_and_compares_a_code_as_well(
    small_household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    filed, derived = small_household.file(), []
    derive = CaseKey.query_code

    def counting(self: CaseKey, case_id: str, party_id: str, version: int) -> str:
        derived.append(case_id)
        return derive(self, case_id, party_id, version)

    monkeypatch.setattr(CaseKey, "query_code", counting)
    work = []
    for reference in (filed["reference"], "KF-2026-999999"):
        derived.clear()
        with small_household.database.reading(PUBLIC) as reading, pytest.raises(query_codes.WrongCode):
            query_codes.authenticate_party(reading, reference, "23456789ABCDE")
        work.append(len(derived))
    assert work == [1, 1]
