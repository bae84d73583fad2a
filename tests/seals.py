"""Seals for tests: an authority, and PKCS#12 files of organs that it issued."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, pkcs12
from cryptography.x509.oid import NameOID

PASSPHRASE = "kou-ling-2026"
BEGINS, ENDS = datetime(2025, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


@dataclass
class Authority:
    """Who issues certificates to organs."""

    name: str = "贵州省电子政务认证中心"
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        self.certificate = self._signed(
            named(self.name), self.key.public_key(), BEGINS, datetime(2050, 1, 1, tzinfo=UTC), authority=True
        )

    def _signed(
        self, subject: x509.Name, key: Any, begins: datetime, ends: datetime, *, authority: bool = False
    ) -> x509.Certificate:
        constraints = x509.BasicConstraints(ca=authority, path_length=None)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(named(self.name))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
            .add_extension(constraints, critical=True)
            .sign(self.key, SHA256())
        )

    def issue(
        self,
        file: Path,
        name: str = "贵阳市交通委员会",
        *,
        passphrase: str = PASSPHRASE,
        begins: datetime = BEGINS,
        ends: datetime = ENDS,
        key: Any = None,
    ) -> x509.Certificate:
        """Write the seal of an organ."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        certificate = self._signed(named(name), key.public_key(), begins, ends)
        locked = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(pkcs12.serialize_key_and_certificates(b"seal", key, certificate, [self.certificate], locked))
        return certificate

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()


def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
