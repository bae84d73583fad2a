"""Whose key seals: files of organs, and the demonstration authority."""

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.settings import Settings
from notices import certificates
from notices.certificates import (
    CertificateExpired,
    CertificateNotYetValid,
    SealMissing,
    SealUnfit,
    SealUnreadable,
    seal_of,
)
from tests.seals import BEGINS, ENDS, PASSPHRASE, Authority, rsa_key

NOW = datetime(2026, 5, 6, tzinfo=UTC)
ORGAN = "贵阳市交通委员会"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "seals"
    folder.mkdir()
    return Settings(var=tmp_path, seals=folder, seals_passphrase=PASSPHRASE)


def seal_file(settings: Settings) -> Path:
    assert settings.seals is not None
    return settings.seals / "gy-jtw.p12"


def test_an_organ_seals_with_the_key_of_its_own_file(settings: Settings) -> None:
    authority = Authority()
    issued = authority.issue(seal_file(settings))
    seal = seal_of(settings, "gy-jtw", ORGAN, NOW)
    assert seal.fingerprint == certificates.fingerprint(issued)
    assert seal.chain == (authority.certificate,)
    assert not seal.demonstration
    assert certificates.roots(settings) == [authority.certificate]


def test_an_organ_without_a_file_has_no_seal_and_gets_no_demonstration_one(settings: Settings) -> None:
    with pytest.raises(SealMissing) as missing:
        seal_of(settings, "gy-jtw", ORGAN, NOW)
    assert "gy-jtw.p12" in missing.value.sentence("zh")


@pytest.mark.parametrize("code", ["../gy-jtw", "root", "", "a/b", "x" * 80])
def test_a_code_is_never_taken_for_a_path(settings: Settings, code: str) -> None:
    with pytest.raises(SealMissing):
        seal_of(settings, code, ORGAN, NOW)


def test_a_wrong_passphrase_is_said_so(settings: Settings) -> None:
    Authority().issue(seal_file(settings), passphrase="another")
    with pytest.raises(SealUnreadable, match="passphrase"):
        seal_of(settings, "gy-jtw", ORGAN, NOW)


def test_a_file_that_is_no_seal_is_said_so(settings: Settings) -> None:
    seal_file(settings).write_bytes(b"not a seal")
    with pytest.raises(SealUnreadable):
        seal_of(settings, "gy-jtw", ORGAN, NOW)


def test_a_key_of_another_kind_cannot_sign(settings: Settings) -> None:
    Authority().issue(seal_file(settings), key=rsa_key())
    with pytest.raises(SealUnfit, match="P-256"):
        seal_of(settings, "gy-jtw", ORGAN, NOW)


def test_a_seal_signs_neither_before_its_certificate_begins_nor_after_it_ends(settings: Settings) -> None:
    Authority().issue(seal_file(settings))
    with pytest.raises(CertificateNotYetValid, match="2025-01-01"):
        seal_of(settings, "gy-jtw", ORGAN, BEGINS - timedelta(days=1))
    with pytest.raises(CertificateExpired, match="2030-01-01"):
        seal_of(settings, "gy-jtw", ORGAN, ENDS + timedelta(days=1))


def test_the_list_of_seals_warns_thirty_days_before_one_ends(settings: Settings) -> None:
    Authority().issue(seal_file(settings))
    (seal,) = certificates.listed(settings, ENDS - timedelta(days=31))
    assert seal.code == "gy-jtw"
    assert not seal.ends_soon(ENDS - timedelta(days=31))
    assert seal.ends_soon(ENDS - timedelta(days=30))
    seal_file(settings).write_bytes(b"spoiled")
    (spoiled,) = certificates.listed(settings, NOW)
    assert isinstance(spoiled.fault, SealUnreadable)


def test_without_files_a_demonstration_authority_says_so_in_each_certificate(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path)
    seal = seal_of(settings, "gy-jtw", ORGAN, datetime(2060, 1, 1, tzinfo=UTC))
    assert seal.demonstration
    assert certificates.DEMONSTRATION in seal.certificate.issuer.rfc4514_string()
    assert certificates.roots(settings) == list(seal.chain)
    assert seal_of(settings, "gy-jtw", "改名后的机关", NOW).fingerprint == seal.fingerprint


def test_keys_of_the_demonstration_are_for_their_owner_alone(tmp_path: Path) -> None:
    seal_of(Settings(var=tmp_path), "gy-jtw", ORGAN, NOW)
    files = list((tmp_path / "demonstration-seals").iterdir())
    assert {file.name for file in files} == {"root.p12", "gy-jtw.p12"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_several_who_need_the_same_seal_at_once_get_one_and_the_same(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path)
    with ThreadPoolExecutor(8) as pool:
        seals = list(pool.map(lambda _: seal_of(settings, "gy-jtw", ORGAN, NOW), range(8)))
    assert len({seal.fingerprint for seal in seals}) == 1
    assert len(list((tmp_path / "demonstration-seals").iterdir())) == 2
