"""With which key an organ seals: from its PKCS#12 file, or from the demonstration authority of this installation.

``DUBAN_SEALS`` names a folder with one file for each organ, ``<code of the organisation>.p12``, all with one passphrase. Without
it a demonstration authority in the var folder makes a key for each organ when it first needs one. What such a key seals says so:
样章 on the seal, and 不具有法律效力 wherever the paper is verified.
"""

import os
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from engine.errors import EngineError
from engine.settings import Settings

DEMONSTRATION = "演示签章，不具有法律效力"
"""The organisation that a demonstration certificate was issued by: whoever opens it, in whatever program, reads this."""
ROOT = "root"
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2099, 12, 31, tzinfo=UTC)
"""A demonstration's clock travels, and its certificates do not end on the way."""
ENDS_SOON = timedelta(days=30)
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class _SealFaulty(EngineError):
    """A seal cannot be used."""

    zh = "电子印章无法使用。"
    lasts = True  # trying again mends nothing before an operator has seen to the file


class SealMissing(_SealFaulty):
    """The organ with the code {code} has no electronic seal: {file} is not in the folder of DUBAN_SEALS."""

    zh = "代码为 {code} 的机关没有电子印章：DUBAN_SEALS 文件夹中没有 {file}。"


class SealUnreadable(_SealFaulty):
    """The electronic seal {file} cannot be opened: the passphrase is wrong, or it is no PKCS#12 file."""

    zh = "电子印章 {file} 无法打开：口令不正确，或者不是 PKCS#12 文件。"


class SealUnfit(_SealFaulty):
    """The electronic seal {file} cannot sign: {reason}."""

    zh = "电子印章 {file} 不能用于签章：{reason_zh}。"


class CertificateNotYetValid(_SealFaulty):
    """The certificate of the electronic seal {file} is valid from {day} on, and not yet."""

    zh = "电子印章 {file} 的证书自 {day} 起有效，尚未生效。"


class CertificateExpired(_SealFaulty):
    """The certificate of the electronic seal {file} expired on {day}."""

    zh = "电子印章 {file} 的证书已于 {day} 过期。"


@dataclass(frozen=True)
class Seal:
    """The key of an organ, its certificate, and those of the authorities above it, the highest one last."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    demonstration: bool

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.certificate)


def fingerprint(certificate: x509.Certificate) -> str:
    """The SHA-256 of a certificate: by this it is told from all others."""
    return certificate.fingerprint(SHA256()).hex()


def is_demonstration(certificate: x509.Certificate) -> bool:
    """Whether a demonstration authority issued it, this one or another: it says so itself."""
    named = certificate.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return any(name.value == DEMONSTRATION for name in named)


def common_name(subject: str) -> str:
    """What a subject in the notation of RFC 4514 is called; the whole of it where it has no such name."""
    try:
        names = x509.Name.from_rfc4514_string(subject).get_attributes_for_oid(NameOID.COMMON_NAME)
    except ValueError:  # it was cut
        return subject
    return str(names[0].value) if names else subject


def seal_of(settings: Settings, code: str, name: str, now: datetime) -> Seal:
    """The seal of an organ as it is to be used at an instant.

    Raises SealMissing, SealUnreadable, SealUnfit, CertificateNotYetValid, CertificateExpired.
    """
    file = _file(code)
    if settings.seals is None:
        seal = _demonstration_seal(settings, file, name)
    else:
        seal = _read(settings.seals / file, settings.seals_passphrase.encode(), code)
    certificate = seal.certificate
    if not may_sign(certificate):
        raise _unfit(file, "its certificate is not made for signatures", "证书不允许用于数字签名")
    if now < certificate.not_valid_before_utc:
        raise CertificateNotYetValid(file=file, day=certificate.not_valid_before_utc.date().isoformat())
    if now > certificate.not_valid_after_utc:
        raise CertificateExpired(file=file, day=certificate.not_valid_after_utc.date().isoformat())
    return seal


def roots(settings: Settings) -> list[x509.Certificate]:
    """The authorities that this installation trusts: those of its seals."""
    if settings.seals is None:
        return [_root(settings).certificate]
    found = {}
    for path in sorted(settings.seals.glob("*.p12")):
        try:
            seal = _read(path, settings.seals_passphrase.encode(), path.stem)
        except EngineError:
            continue  # said when it is to be used, and by ``duban seals``
        highest = (seal.certificate, *seal.chain)[-1]
        found[fingerprint(highest)] = highest
    return list(found.values())


@dataclass(frozen=True)
class Listed:
    """A seal as an operator sees it, or why it cannot be used."""

    code: str
    subject: str = ""
    valid_until: datetime | None = None
    fingerprint: str = ""
    demonstration: bool = False
    fault: EngineError | None = None

    def ends_soon(self, now: datetime) -> bool:
        return self.valid_until is not None and self.valid_until - now <= ENDS_SOON


def listed(settings: Settings, now: datetime) -> list[Listed]:
    """All seals that lie in the folder."""
    folder = settings.seals or _demonstration_folder(settings)
    if settings.seals is None:
        _root(settings)
    return [_described(settings, path, now) for path in sorted(folder.glob("*.p12")) if path.stem != ROOT]


def _described(settings: Settings, path: Path, now: datetime) -> Listed:
    try:
        seal = _read(path, settings.seals_passphrase.encode() if settings.seals else b"", path.stem)
    except EngineError as error:
        return Listed(path.stem, fault=error)
    ends = seal.certificate.not_valid_after_utc
    fault = CertificateExpired(file=path.name, day=ends.date().isoformat()) if now > ends else None
    subject = seal.certificate.subject.rfc4514_string()
    return Listed(path.stem, subject, ends, seal.fingerprint, seal.demonstration, fault)


def _file(code: str) -> str:
    if not _PLAIN.fullmatch(code) or code == ROOT:
        raise SealMissing(code=code, file="?")
    return f"{code}.p12"


def _read(path: Path, passphrase: bytes, code: str) -> Seal:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise SealMissing(code=code, file=path.name) from None
    except OSError:
        raise SealUnreadable(file=path.name) from None
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(content, passphrase or None)
    except (ValueError, TypeError):
        raise SealUnreadable(file=path.name) from None
    if key is None or certificate is None:
        raise _unfit(path.name, "it holds no key with its certificate", "其中没有私钥和对应的证书")
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise _unfit(path.name, "its key is not one of the curve P-256", "密钥不是 P-256 椭圆曲线密钥")
    return Seal(key, certificate, tuple(_upwards(certificate, others)), is_demonstration(certificate))


def _unfit(file: str, reason: str, reason_zh: str) -> SealUnfit:
    return SealUnfit(file=file, reason=reason, reason_zh=reason_zh)


def may_sign(certificate: x509.Certificate) -> bool:
    """Whether a certificate is made for signatures, or says nothing about what it is made for."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return usage.digital_signature or usage.content_commitment


def _upwards(certificate: x509.Certificate, others: list[x509.Certificate]) -> Iterator[x509.Certificate]:
    """The chain from whoever issued a certificate up to the highest that is there."""
    left = {other.subject: other for other in others}
    while (above := left.pop(certificate.issuer, None)) is not None:
        yield above
        certificate = above


# ---------------------------------------------------------------- the demonstration authority


def _demonstration_folder(settings: Settings) -> Path:
    folder = settings.var / "demonstration-seals"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _root(settings: Settings) -> Seal:
    """The demonstration authority, made when it is first needed."""

    def make() -> bytes:
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("督办演示根证书", DEMONSTRATION)
        made = _certificate(name, name, key, x509.BasicConstraints(ca=True, path_length=0))
        return _packed(key, made.sign(key, SHA256()), [])

    return _kept(_demonstration_folder(settings) / f"{ROOT}.p12", make)


def _demonstration_seal(settings: Settings, file: str, name: str) -> Seal:
    root = _root(settings)

    def make() -> bytes:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(name[:64], DEMONSTRATION)
        unsigned = _certificate(
            subject, root.certificate.subject, key, x509.BasicConstraints(ca=False, path_length=None)
        )
        return _packed(key, unsigned.sign(root.key, SHA256()), [root.certificate])

    return _kept(_demonstration_folder(settings) / file, make)


def _kept(path: Path, make: Callable[[], bytes]) -> Seal:
    """The seal of a file, which is made if it is not there: whole or not at all, and by one of several that try at once."""
    if not path.exists():
        draft = path.with_name(f".{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as written:
                written.write(make())
                written.flush()
                os.fsync(written.fileno())
            os.link(draft, path)
        except FileExistsError:
            pass  # somebody else was faster: theirs counts
        finally:
            draft.unlink(missing_ok=True)
    return _read(path, b"", path.stem)


def _name(common: str, organisation: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, constraints: x509.BasicConstraints
) -> x509.CertificateBuilder:
    authority = constraints.ca
    usage = x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(FIRST)
        .not_valid_after(LAST)
        .add_extension(constraints, critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _packed(key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate, above: list[x509.Certificate]) -> bytes:
    """Without a passphrase: it would lie beside the file, and the file opens nothing that is worth a lock."""
    return pkcs12.serialize_key_and_certificates(b"seal", key, certificate, above, NoEncryption())


def as_pem(certificates: list[x509.Certificate]) -> str:
    return "".join(certificate.public_bytes(Encoding.PEM).decode() for certificate in certificates)
