"""The doors: who is let in, one transaction a request, and the commit before the answer."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from api import auth
from engine import audit, clock, directory
from engine.access import SYSTEM
from engine.models import AuditEvent, Case, FailedAttempts, Person, WebSession
from tests.household import PASSWORD, REQUEST, Household, reopen

FILING = {"process": "open_data_request", "form": REQUEST}


def rows(household: Household, table: Any) -> list[Any]:
    with household.database.reading(SYSTEM) as reading:
        return list(reading.session.exec(select(table)).all())


class TestCommit:
    def test_a_commit_that_fails_is_an_error_for_the_client(self, household: Household) -> None:
        @event.listens_for(household.database.engine, "commit")
        def _fail(_: Any) -> None:
            raise OperationalError("COMMIT", {}, Exception("the disk is full"))

        answer = household.anyone.post("/api/v1/cases", json=FILING)
        event.remove(household.database.engine, "commit", _fail)
        assert answer.status_code == 503
        assert answer.json()["type"] == "urn:duban:problem:database-busy"
        assert "retry-after" in answer.headers
        assert rows(household, Case) == []

    def test_an_error_within_the_transaction_leaves_nothing(self, household: Household) -> None:
        household.file()
        task = household.task("handler")
        program = household.program_of("handler")
        answer = program.post(f"/api/v1/tasks/{task}/complete", json={"form": {"intake_action": "dance"}})
        assert answer.status_code == 422
        assert program.get(f"/api/v1/tasks/{task}").json()["may_claim"] is True
        assert not {"task.claimed", "task.completed"} & {e.name for e in rows(household, AuditEvent)}

    def test_the_worker_is_woken_by_what_leaves_work_and_by_nothing_else(self, small_household: Household) -> None:
        woken = []
        small_household.app.state.nudge = lambda: woken.append(1)
        small_household.anyone.get("/api/v1/processes")
        assert woken == []
        small_household.file()  # a receipt is to be typeset
        assert woken == [1]
        task = small_household.task("handler")
        assert small_household.program_of("handler").post(f"/api/v1/tasks/{task}/claim").status_code == 200
        assert woken == [1]


class TestTokens:
    @pytest.mark.parametrize(
        "header",
        ["Bearer", "Bearer ", "Bearer wrong", "Basic aGFuZGxlcjpwYXNz", "bearer x y", "Bearer \u00e9", "nonsense", ""],
    )
    def test_a_wrong_token_is_refused_everywhere_even_where_none_is_needed(
        self, small_household: Household, header: str
    ) -> None:
        for address in ("/api/v1/tasks", "/api/v1/processes"):
            answer = small_household.anyone.get(address, headers={"Authorization": header.encode("latin-1")})
            assert answer.status_code == 401, address
            assert answer.headers["www-authenticate"] == "Bearer"

    def test_a_program_of_staff_may_file_as_well(self, small_household: Household) -> None:
        assert small_household.program_of("bureau").post("/api/v1/cases", json=FILING).status_code == 201

    def test_an_auditor_changes_nothing(self, small_household: Household) -> None:
        small_household.file()
        task = small_household.task("handler")
        answer = small_household.program_of("auditor").post(f"/api/v1/tasks/{task}/claim")
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:duban:problem:auditors-change-nothing")


class TestSessions:
    def test_signing_in_gives_a_cookie_that_scripts_and_other_sites_do_not_get(self, household: Household) -> None:
        browser = household.browser()
        answer = browser.post("/sign-in", data={"login": "handler", "password": PASSWORD})
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert "secure" not in cookie
        assert browser.get("/desk").status_code == 200

    def test_over_https_the_cookie_is_for_https_only(self, small_household: Household) -> None:
        safe = reopen(small_household.database.settings.var, secure_cookies=True)
        answer = safe.browser().post("/sign-in", data={"login": "handler", "password": PASSWORD})
        assert "; secure" in answer.headers["set-cookie"].lower()
        assert "strict-transport-security" in answer.headers
        safe.database.dispose()

    def test_only_the_hash_of_the_cookie_is_kept(self, small_household: Household) -> None:
        browser = small_household.browser_of("handler")
        (session,) = rows(small_household, WebSession)
        secret = browser.cookies[auth.SESSION_COOKIE]
        assert secret not in repr(session)
        assert len(session.id) == 64

    def test_each_signing_in_has_a_fresh_secret_and_ends_the_one_before(self, small_household: Household) -> None:
        browser = small_household.browser_of("handler")
        first = browser.cookies[auth.SESSION_COOKIE]
        browser.post("/sign-in", data={"login": "handler", "password": PASSWORD})
        second = browser.cookies[auth.SESSION_COOKIE]
        assert first != second
        assert len(rows(small_household, WebSession)) == 1

    def test_a_planted_cookie_is_never_taken_over(self, small_household: Household) -> None:
        browser = small_household.browser()
        browser.cookies.set(auth.SESSION_COOKIE, "planted")
        browser.post("/sign-in", data={"login": "handler", "password": PASSWORD})
        (session,) = rows(small_household, WebSession)
        assert session.id != auth._hashed("planted")

    def test_signing_out_ends_the_session_for_whoever_kept_the_cookie(self, small_household: Household) -> None:
        browser = small_household.browser_of("handler")
        kept = browser.cookies[auth.SESSION_COOKIE]
        (session,) = rows(small_household, WebSession)
        browser.post("/sign-out", data={"csrf": session.csrf})
        thief = small_household.browser()
        thief.cookies.set(auth.SESSION_COOKIE, kept)
        assert thief.get("/desk").status_code == 303
        assert rows(small_household, WebSession) == []

    def test_a_session_ends_by_itself(self, small_household: Household) -> None:
        browser = small_household.browser_of("handler")
        set_session(small_household, expires_at=clock.wall() - timedelta(seconds=1))
        assert browser.get("/desk").status_code == 303

    def test_a_session_in_use_lasts_longer_but_not_for_ever(self, small_household: Household) -> None:
        browser = small_household.browser_of("handler")
        now = clock.wall()
        set_session(
            small_household,
            seen_at=now - timedelta(hours=3),
            created_at=now - timedelta(hours=3),
            expires_at=now + timedelta(hours=1),
        )
        assert browser.get("/desk").status_code == 200
        (session,) = rows(small_household, WebSession)
        assert now + timedelta(hours=8) < session.expires_at <= now + timedelta(hours=9, seconds=5)

    def test_who_left_is_signed_out(self, small_household: Household) -> None:
        browser = small_household.browser_of("handler")
        with small_household.database.unit_of_work() as uow:
            person = directory.person(uow, "handler")
            row = uow.session.get_one(Person, person.id)
            row.active = False
            uow.add(row)
        assert browser.get("/desk").status_code == 303
        assert small_household.program_of("handler").get("/api/v1/me").status_code == 401

    def test_desk_and_portal_have_sessions_of_their_own(self, household: Household) -> None:
        filed = household.file()
        browser = household.browser_of("handler")
        browser.post("/track", data={"reference": filed["reference"], "code": filed["query_code"]})
        assert browser.get("/track/case").status_code == 200
        assert browser.get("/desk").status_code == 200
        assert {bool(s.person_id) for s in rows(household, WebSession)} == {True, False}

    def test_sign_ins_are_on_record_without_names(self, household: Household) -> None:
        household.browser_of("handler")
        household.browser().post("/sign-in", data={"login": "handler", "password": "wrong-password"})
        events = [(e.name, e.detail) for e in rows(household, AuditEvent) if e.stream == "sign_in"]
        assert events == [("person.signed_in", {}), ("person.sign_in_failed", {})]
        with household.database.reading(SYSTEM) as reading:
            assert audit.verify(reading.session) == []


class TestGuessing:
    def test_after_too_many_wrong_codes_there_is_a_pause_even_for_the_right_one(self, household: Household) -> None:
        filed = household.file()
        limit = household.database.settings.max_attempts
        wrong = {"reference": filed["reference"], "query_code": "23456789ABCDE"}
        assert [status(household, wrong) for _ in range(limit)] == [404] * limit
        assert status(household, wrong) == 429
        assert status(household, filed) == 429

    def test_right_codes_are_never_counted(self, household: Household) -> None:
        filed = household.file()
        for _ in range(household.database.settings.max_attempts * 2):
            assert status(household, filed) == 200
        assert rows(household, FailedAttempts) == []

    def test_a_wrong_number_and_a_wrong_code_answer_alike(self, household: Household) -> None:
        filed = household.file()
        wrong_code = household.follower({**filed, "query_code": "23456789ABCDE"}).get("/api/v1/status")
        wrong_number = household.follower({**filed, "reference": "KF-2026-999999"}).get("/api/v1/status")
        assert wrong_code.status_code == wrong_number.status_code == 404
        assert wrong_code.json() == wrong_number.json()
        assert wrong_code.headers.keys() == wrong_number.headers.keys()

    def test_a_code_may_be_typed_as_it_is_printed(self, small_household: Household) -> None:
        filed = small_household.file()
        code = filed["query_code"]
        typed = f" {code[:4].lower()}-{code[4:8]} {code[8:]} "
        assert status(small_household, {"reference": filed["reference"].lower(), "query_code": typed}) == 200

    @pytest.mark.parametrize(("reference", "code"), [("", ""), ("KF-2026-000001", ""), ("", "X")])
    def test_both_headers_are_needed(self, small_household: Household, reference: str, code: str) -> None:
        assert status(small_household, {"reference": reference, "query_code": code}) == 401

    @pytest.mark.parametrize("reference", ["x" * 100, "\u00e9", "%00", "' or 1=1 --"])
    def test_a_nonsensical_reference_is_just_wrong(self, small_household: Household, reference: str) -> None:
        answer = small_household.anyone.get(
            "/api/v1/status",
            headers={"Duban-Reference": reference.encode("latin-1"), "Duban-Query-Code": "23456789ABCDE"},
        )
        assert answer.status_code == 404

    def test_the_failures_of_one_place_do_not_lock_out_another(self, small_household: Household) -> None:
        filed = small_household.file()
        far = TestClient(
            small_household.app, client=("203.0.113.9", 50000), headers=small_household.follower(filed).headers
        )
        wrong = {"reference": filed["reference"], "query_code": "23456789ABCDE"}
        for _ in range(small_household.database.settings.max_attempts + 1):
            status(small_household, wrong)
        assert far.get("/api/v1/status").status_code == 200

    def test_a_whole_network_counts_as_one_place(self, small_household: Household) -> None:
        filed = small_household.file()
        headers = small_household.follower({**filed, "query_code": "23456789ABCDE"}).headers
        answers = [
            TestClient(small_household.app, client=(f"2001:db8::{n:x}", 1), headers=headers)
            .get("/api/v1/status")
            .status_code
            for n in range(1, 13)
        ]
        assert answers == [404] * 10 + [429] * 2

    def test_too_many_wrong_passwords_pause_signing_in(self, small_household: Household) -> None:
        patient = reopen(
            small_household.database.settings.var, small_household.database.settings.database_url, max_attempts=2
        )
        browser = patient.browser()
        answers = [
            browser.post("/sign-in", data={"login": "handler", "password": "wrong-password"}).status_code
            for _ in range(3)
        ]
        assert answers[-1] == 429
        assert browser.post("/sign-in", data={"login": "handler", "password": PASSWORD}).status_code == 429
        assert browser.post("/sign-in", data={"login": "leader", "password": PASSWORD}).status_code == 303
        patient.database.dispose()


def status(household: Household, filed: dict[str, Any]) -> int:
    return household.follower(filed).get("/api/v1/status").status_code


def set_session(household: Household, **changed: Any) -> None:
    with household.database.unit_of_work() as uow:
        session = uow.session.exec(select(WebSession)).one()
        for name, value in changed.items():
            setattr(session, name, value)
        uow.add(session)
