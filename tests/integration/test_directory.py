"""Agencies and people: who works where, who signs in, and with what."""

from datetime import timedelta
from pathlib import Path

import pytest

from api.composition import compose
from engine import clock, directory
from engine.access import PUBLIC, SYSTEM, Actor, NotAdministrator
from engine.db import Database
from engine.directory import (
    CodeTaken,
    DutiesSeparated,
    DutyUnknown,
    LoginFaulty,
    LoginTaken,
    OrganisationNotFound,
    PasswordTooWeak,
    PersonLeft,
    PersonNotFound,
    RelationCircular,
    RelationUnknown,
    RoleUnknown,
    WrongCredentials,
)
from engine.models import ApiToken, Organisation, Person
from engine.settings import Settings
from tests.household import PASSWORD, password_hash


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Database:
    return compose(Settings(var=tmp_path, database_url=database_url))


def hire(database: Database, login: str = "li.na", **details: str) -> Person:
    with database.unit_of_work() as uow:
        return directory.create_person(uow, login, "李娜", password_hash(), **details)


def establish(database: Database, code: str = "gy-jtw", kind: str = "agency") -> Organisation:
    with database.unit_of_work() as uow:
        return directory.create_organisation(uow, code, f"机构 {code}", kind, "city")


def sign_in(database: Database, login: str, password: str) -> Person:
    with database.reading(PUBLIC) as reading:
        return directory.sign_in(reading, login, password)


def actor_of(database: Database, person: Person) -> Actor:
    with database.reading(SYSTEM) as reading:
        return directory.actor_of(reading, person.id)


class TestSigningIn:
    def test_the_right_password_opens(self, database: Database) -> None:
        hired = hire(database)
        assert sign_in(database, "li.na", PASSWORD).id == hired.id

    def test_a_login_may_be_typed_in_capitals_and_full_width(self, database: Database) -> None:
        hired = hire(database)
        assert sign_in(database, " Ｌｉ.NA ", PASSWORD).id == hired.id

    @pytest.mark.parametrize(
        ("login", "password"),
        [
            ("li.na", "wrong-password"),
            ("li.na", "密" * 5000),
            ("li.na", PASSWORD + "\x00"),
            ("nobody", PASSWORD),
            ("\x00", ""),
            ("x" * 5000, PASSWORD),
            ("' or 1=1 --", "' or 1=1 --"),
        ],
    )
    def test_anything_else_answers_alike(self, database: Database, login: str, password: str) -> None:
        hire(database)
        with pytest.raises(WrongCredentials) as refused:
            sign_in(database, login, password)
        assert refused.value.sentence("zh") == "用户名或密码不正确。"

    def test_who_has_left_cannot_sign_in(self, database: Database) -> None:
        hired = hire(database)
        with database.unit_of_work() as uow:
            person = uow.session.get_one(Person, hired.id)
            person.active = False
            uow.add(person)
        with pytest.raises(WrongCredentials):
            sign_in(database, "li.na", PASSWORD)
        with pytest.raises(PersonLeft):
            actor_of(database, hired)

    def test_another_password_replaces_the_first(self, database: Database) -> None:
        hired = hire(database)
        fresh = directory.hash_password("一个新的好密码!")
        with database.unit_of_work() as uow:
            directory.set_password(uow, hired.id, fresh)
        assert sign_in(database, "li.na", "一个新的好密码!").id == hired.id
        with pytest.raises(WrongCredentials):
            sign_in(database, "li.na", PASSWORD)

    @pytest.mark.parametrize("password", ["", "short", "x" * 201])
    def test_a_password_has_a_sensible_length(self, password: str) -> None:
        with pytest.raises(PasswordTooWeak):
            directory.hash_password(password)

    def test_passwords_are_kept_as_argon2_hashes(self, database: Database) -> None:
        assert hire(database).password_hash.startswith("$argon2id$")
        assert PASSWORD not in password_hash()


class TestPeople:
    @pytest.mark.parametrize("login", ["", "a", "李娜", "a b", "x" * 65, "a@b", "<b>"])
    def test_a_login_is_made_of_plain_letters(self, database: Database, login: str) -> None:
        with pytest.raises(LoginFaulty):
            hire(database, login)

    def test_a_login_belongs_to_one_person(self, database: Database) -> None:
        hire(database)
        with pytest.raises(LoginTaken):
            hire(database, "LI.NA")

    def test_a_duty_is_one_of_three(self, database: Database) -> None:
        with pytest.raises(DutyUnknown):
            hire(database, duty="king")

    def test_people_are_found_by_login(self, database: Database) -> None:
        hired = hire(database)
        with database.reading(SYSTEM) as reading:
            assert directory.person(reading, "li.na").id == hired.id
            assert [p.login for p in directory.people(reading)] == ["li.na"]
            with pytest.raises(PersonNotFound):
                directory.person(reading, "nobody")

    def test_only_an_administrator_changes_the_directory(self, database: Database) -> None:
        hired = hire(database)
        clerk = Actor("person", hired.id)
        with database.unit_of_work(clerk) as uow:
            for forbidden in (
                lambda: directory.create_person(uow, "other", "其他", password_hash()),
                lambda: directory.create_organisation(uow, "x", "x", "agency", "city"),
                lambda: directory.create_token(uow, hired.id, "mine"),
                lambda: directory.set_password(uow, hired.id, password_hash()),
                lambda: directory.people(uow),
            ):
                with pytest.raises(NotAdministrator):
                    forbidden()

    def test_an_administrator_may(self, database: Database) -> None:
        hired = hire(database, duty="administrator")
        with database.unit_of_work(Actor("person", hired.id, duty="administrator")) as uow:
            directory.create_person(uow, "other", "其他", password_hash())


class TestRoles:
    def test_a_role_is_held_from_grant_to_end(self, database: Database) -> None:
        hired, agency = hire(database), establish(database)
        with database.unit_of_work() as uow:
            directory.grant_role(uow, hired.id, agency.id, "case_handler", "数据科")
        assert actor_of(database, hired).roles == {(agency.id, "case_handler")}
        with database.unit_of_work() as uow:
            directory.end_role(uow, hired.id, agency.id, "case_handler")
        assert actor_of(database, hired).roles == frozenset()

    def test_a_role_that_ended_can_be_given_again(self, database: Database) -> None:
        hired, agency = hire(database), establish(database)
        for verb in (directory.grant_role, directory.grant_role, directory.end_role, directory.grant_role):
            with database.unit_of_work() as uow:
                verb(uow, hired.id, agency.id, "case_handler")
        with database.reading(SYSTEM) as reading:
            ((organisation, membership),) = directory.memberships(reading, hired.id)
        assert (organisation.code, membership.role) == ("gy-jtw", "case_handler")

    def test_a_role_that_nobody_declared_is_refused(self, database: Database) -> None:
        hired, agency = hire(database), establish(database)
        with database.unit_of_work() as uow, pytest.raises(RoleUnknown):
            directory.grant_role(uow, hired.id, agency.id, "king")

    @pytest.mark.parametrize("duty", ["administrator", "auditor"])
    def test_administrators_and_auditors_handle_no_cases(self, database: Database, duty: str) -> None:
        hired, agency = hire(database, duty=duty), establish(database)
        with database.unit_of_work() as uow, pytest.raises(DutiesSeparated):
            directory.grant_role(uow, hired.id, agency.id, "case_handler")


class TestOrganisations:
    def test_a_code_belongs_to_one_organisation(self, database: Database) -> None:
        establish(database)
        with pytest.raises(CodeTaken):
            establish(database)

    def test_they_are_listed_by_kind(self, database: Database) -> None:
        establish(database)
        establish(database, "gy-dsj", "city_data_bureau")
        with database.reading(PUBLIC) as reading:
            assert {o.code for o in directory.organisations(reading)} == {"gy-jtw", "gy-dsj"}
            assert [o.code for o in directory.organisations(reading, ["agency"])] == ["gy-jtw"]
            assert directory.organisation(reading, "gy-dsj").kind == "city_data_bureau"
            with pytest.raises(OrganisationNotFound):
                directory.organisation(reading, "nowhere")

    def test_there_are_two_relations_and_no_third(self, database: Database) -> None:
        upper, lower = establish(database, "up"), establish(database, "low")
        with database.unit_of_work() as uow:
            directory.relate(uow, upper.id, lower.id, "superior_of")
            directory.relate(uow, upper.id, lower.id, "superior_of")
            directory.relate(uow, upper.id, lower.id, "business_guidance_of")
            with pytest.raises(RelationUnknown):
                directory.relate(uow, upper.id, lower.id, "friend_of")

    def test_nobody_stands_over_itself_by_however_many_steps(self, database: Database) -> None:
        top, middle, low = (establish(database, code) for code in ("top", "middle", "low"))
        with database.unit_of_work() as uow:
            directory.relate(uow, top.id, middle.id, "superior_of")
            directory.relate(uow, middle.id, low.id, "superior_of")
            for upper, lower in ((low, top), (middle, top), (top, top)):
                with pytest.raises(RelationCircular):
                    directory.relate(uow, upper.id, lower.id, "superior_of")
            directory.relate(uow, low.id, top.id, "business_guidance_of")  # another matter


class TestTokens:
    def test_a_token_acts_for_its_person(self, database: Database) -> None:
        hired = hire(database)
        with database.unit_of_work() as uow:
            token = directory.create_token(uow, hired.id, "interface")
        assert self.who(database, token) == hired.id
        assert self.who(database, token + "x") is None
        assert self.who(database, "") is None

    def test_only_its_hash_is_kept(self, database: Database) -> None:
        hired = hire(database)
        with database.unit_of_work() as uow:
            token = directory.create_token(uow, hired.id, "interface")
        with database.reading(SYSTEM) as reading:
            (kept,) = directory.tokens(reading, hired.id)
        assert token not in repr(kept)

    def test_a_revoked_token_is_worth_nothing(self, database: Database) -> None:
        hired = hire(database)
        with database.unit_of_work() as uow:
            token = directory.create_token(uow, hired.id, "interface")
        with database.reading(SYSTEM) as reading:
            (kept,) = directory.tokens(reading, hired.id)
        with database.unit_of_work() as uow:
            directory.revoke_token(uow, kept.id)
        assert self.who(database, token) is None

    def test_a_token_ends_by_itself_when_it_was_made_so(self, database: Database) -> None:
        hired = hire(database)
        with database.unit_of_work() as uow:
            token = directory.create_token(uow, hired.id, "interface", days=1)
        assert self.who(database, token) == hired.id
        with database.unit_of_work() as uow:
            (kept,) = directory.tokens(uow, hired.id)
            row = uow.session.get_one(ApiToken, kept.id)
            row.expires_at = clock.wall() - timedelta(seconds=1)
            uow.add(row)
        assert self.who(database, token) is None

    def test_the_token_of_somebody_who_left_is_worth_nothing(self, database: Database) -> None:
        hired = hire(database)
        with database.unit_of_work() as uow:
            token = directory.create_token(uow, hired.id, "interface")
            person = uow.session.get_one(Person, hired.id)
            person.active = False
            uow.add(person)
        assert self.who(database, token) is None

    def who(self, database: Database, token: str) -> str | None:
        with database.reading(PUBLIC) as reading:
            actor = directory.actor_by_token(reading, token)
        return actor.id if actor else None
