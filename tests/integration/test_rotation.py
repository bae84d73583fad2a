"""Rotation of the master keys: everything is wrapped by the newest ones, and the older ones open nothing any more."""

import base64
import secrets
from pathlib import Path

import pytest

from engine import kin, queries, query_codes, rotation, vault, webhooks
from engine.access import PUBLIC, SYSTEM, NotAdministrator
from engine.models import AuditEvent, Case, Kin, SealedIdentity, WebhookSubscription
from engine.privacy import Keys, KeysMissing
from tests import confidential
from tests.factories import World, installation

NAME, EMAIL = "欧阳䶮䶮", "ouyang.secret@example.org"


def key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def ident(text: str) -> str:
    return Keys([base64.b64decode(text)]).current


def wrapped(world: World) -> list[set[str]]:
    """By which keys cases, kin, webhooks, and identities are wrapped."""
    return [{row.master_key_id for row in world.all(t)} for t in (Case, Kin, WebhookSubscription, SealedIdentity)]


def begin(world: World, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Cases, a relative, a webhook and an identity; the reference and code of an applicant."""
    monkeypatch.setattr(rotation, "BATCH", 2)
    filed, *_ = [world.submit() for _ in range(4)]
    confidential.deploy(world)
    confidential.file(world, complainant=NAME, email=EMAIL)
    with world.database.unit_of_work(world.person("city_data_bureau.case_handler")) as uow:
        kin.declare(uow, "司马懿懿", "spouse")
    with world.database.unit_of_work(SYSTEM) as uow:
        webhooks.subscribe(uow, "其他系统", "https://example.org/hook", ["case.opened"])
    return filed.reference, filed.query_code


def test_all_keys_are_wrapped_by_the_newest_ones_and_open_what_they_did(
    city_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new, sealed, resealed = key(), key(), key(), key()
    with installation(city_url, tmp_path, master_keys=old, identity_keys=sealed) as world:
        reference, code = begin(world, monkeypatch)
        case_id = world.case_id
    with installation(city_url, tmp_path, master_keys=f"{new},{old}", identity_keys=f"{resealed},{sealed}") as world:
        assert wrapped(world) == [{ident(old)}, {ident(old)}, {ident(old)}, {ident(sealed)}]
        assert rotation.rotate(world.database) == rotation.Rotated(5, 1, 1, 1, 0)
        assert wrapped(world) == [{ident(new)}, {ident(new)}, {ident(new)}, {ident(resealed)}]
        assert rotation.rotate(world.database) == rotation.Rotated(0, 0, 0, 0, 0)  # begun again, there is nothing to do
        assert len(world.all(AuditEvent, name="keys.rotated")) == 2
    with installation(city_url, tmp_path, master_keys=new, identity_keys=resealed) as world:
        world.case_id = case_id
        with world.database.reading(PUBLIC) as reading:
            assert query_codes.authenticate_party(reading, reference, code).kind == "party"
        (identity,) = world.all(SealedIdentity)
        with world.database.reading(world.person("city_data_bureau.case_handler")) as reading:
            assert vault.email(reading, identity.party_id) == EMAIL
            assert [one.name for one in kin.mine(reading)] == ["司马懿懿"]
            assert queries.case_file(reading, world.case().reference).fields
            assert len(webhooks.secrets_of(reading.keys, world.one(WebhookSubscription), reading.now)) == 1


def test_what_a_lost_key_wraps_is_left_and_told(city_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with installation(city_url, tmp_path, master_keys=key(), identity_keys=key()) as world:
        begin(world, monkeypatch)
    with installation(city_url, tmp_path, master_keys=key(), identity_keys=key()) as world:
        assert rotation.rotate(world.database) == rotation.Rotated(0, 0, 0, 0, 8)
        with pytest.raises(KeysMissing), world.database.reading(SYSTEM) as reading:
            vault.email(reading, world.all(SealedIdentity)[0].party_id)


@pytest.mark.sqlite_only
def test_only_an_administrator_rotates(world: World) -> None:
    with pytest.raises(NotAdministrator):
        rotation.rotate(world.database, PUBLIC)
