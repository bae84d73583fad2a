"""Keys and codes: rotation, erasure, and the code by which somebody follows their case."""

import base64
import math
import secrets
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from engine import queries, query_codes
from engine.access import PUBLIC, Actor
from engine.models import Case, Party
from engine.privacy import (
    CODE_ALPHABET,
    CODE_LENGTH,
    CaseKey,
    Erased,
    Keys,
    KeysFaulty,
    KeysMissing,
    load_keys,
    show_code,
)
from engine.query_codes import WrongCode
from engine.settings import Settings
from tests.factories import World, installation

SOME = base64.b64encode(b"k" * 32).decode()


def key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def follow(world: World, reference: str, code: str) -> Actor:
    with world.database.reading(PUBLIC) as reading:
        return query_codes.authenticate_party(reading, reference, code)


def test_a_query_code_has_more_than_sixty_bits_and_no_two_are_alike(world: World) -> None:
    assert CODE_LENGTH * math.log2(len(CODE_ALPHABET)) >= 60
    assert len(set(CODE_ALPHABET)) == len(CODE_ALPHABET)
    assert not set(CODE_ALPHABET) & set("01IOl")
    codes = {world.submit().query_code for _ in range(5)}
    assert len(codes) == 5
    assert all(len(code) == CODE_LENGTH and set(code) <= set(CODE_ALPHABET) for code in codes)


@pytest.mark.sqlite_only
def test_all_signs_of_a_code_are_used_about_equally(world: World) -> None:
    drawn = "".join(CaseKey(bytes([n % 256, n // 256]) * 16).query_code("c", "p", 1) for n in range(2000))
    for place in range(CODE_LENGTH):
        at_this_place = drawn[place::CODE_LENGTH]
        counts = [at_this_place.count(sign) for sign in CODE_ALPHABET]
        assert min(counts) > 30
        assert max(counts) < 120


def test_a_code_opens_its_case_however_it_is_typed(world: World) -> None:
    filed = world.submit()
    wide = "".join(chr(ord(c) + 0xFEE0) for c in filed.query_code)
    shown = show_code(filed.query_code)
    for typed in (filed.query_code, shown, shown.lower(), f" {shown.replace(' ', '-')} ", wide):
        assert follow(world, filed.reference, typed).case_id == filed.case_id
    wide = "".join(chr(ord(c) + 0xFEE0) for c in filed.reference)
    for reference in (filed.reference.lower(), f" {filed.reference} ", wide):
        assert follow(world, reference, filed.query_code).case_id == filed.case_id


WRONG = [
    ("KF-2026-999999", "{code}"),
    ("{reference}", "2222222222222"),
    ("{reference}", ""),
    ("", "{code}"),
    ("", ""),
    ("{reference}", "{code}2"),
    ("{reference}", "{other}"),
    ("\0", "\0"),
    ("\ud800", "\ud800"),
    ("%", "%"),
    ("' OR 1=1 --", "{code}"),
    ("x" * 100_000, "x" * 100_000),
]


def test_a_wrong_number_and_a_wrong_code_answer_alike(world: World) -> None:
    filed, other = world.submit(), world.submit()
    names = {"reference": filed.reference, "code": filed.query_code, "other": other.query_code}
    for reference, code in WRONG:
        with pytest.raises(WrongCode) as wrong:
            follow(world, reference.format(**names), code.format(**names))
        assert wrong.value.sentence("zh") == WrongCode.zh
        assert wrong.value.data == {}


def test_a_fresh_version_of_a_code_ends_the_old_one(world: World) -> None:
    filed = world.submit()
    with world.database.unit_of_work() as uow:
        party = uow.session.get_one(Party, filed.party_id)
        party.code_version += 1
        uow.add(party)
    with pytest.raises(WrongCode):
        follow(world, filed.reference, filed.query_code)


def test_a_new_master_key_in_front_changes_nothing_for_old_cases(city_url: str, tmp_path: Path) -> None:
    old, new = key(), key()
    with installation(city_url, tmp_path, master_keys=old) as world:
        before = world.submit(uploads=[world.upload()])
    with installation(city_url, tmp_path, master_keys=f"{new}, {old}") as world:
        world.case_id = before.case_id
        assert follow(world, before.reference, before.query_code).case_id == before.case_id
        world.do("check")  # old cases go on
        after = world.submit()
        assert {c.master_key_id for c in world.all(Case)} == {Keys([base64.b64decode(k)]).current for k in (old, new)}
        handler = world.person("data_provider.case_handler")
        with world.database.reading(handler) as reading:
            for typed in ("王䶮",):
                found = {row.reference for row in queries.cases(reading, search_for=typed).rows}
                assert found == {before.reference, after.reference}
    with installation(city_url, tmp_path, master_keys=new) as world, pytest.raises(KeysMissing):
        follow(world, before.reference, before.query_code)


def test_an_erased_case_says_so_and_its_code_opens_nothing(world: World) -> None:
    filed = world.submit()
    handler = world.person("data_provider.case_handler")
    with world.database.engine.begin() as connection:
        connection.execute(update(Case).values(wrapped_key=None))
    with pytest.raises(WrongCode):
        follow(world, filed.reference, filed.query_code)
    with pytest.raises(Erased), world.database.reading(handler) as reading:
        queries.case_file(reading, filed.reference)
    with world.database.reading(handler) as reading:  # lists go on
        assert [row.reference for row in queries.inbox(reading, "all").rows] == [filed.reference]
        assert [row.reference for row in queries.cases(reading).rows] == [filed.reference]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("wrong", ["not base64!", base64.b64encode(b"short").decode(), ",", f"{SOME},{SOME[:-5]}"])
def test_wrong_master_keys_are_refused_at_the_start(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(KeysFaulty):
        load_keys(Settings(var=tmp_path, master_keys=wrong))


@pytest.mark.sqlite_only
def test_the_key_files_are_made_once_and_for_their_owner_alone(tmp_path: Path) -> None:
    settings: Any = Settings(var=tmp_path / "new")
    first = load_keys(settings).current
    assert load_keys(settings).current == first
    files = sorted((tmp_path / "new").iterdir())
    assert [file.name for file in files] == ["identity.key", "master.key"]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
