"""Is a paper what its organ signed? Asked of the bytes alone, without the register: what is said in it, by whom it is signed,
and whether anything was changed since.

A paper of ours has one signature that covers the whole file and allows no change. So everything else is refused, also what a
PDF viewer may show as a harmless addition: an appended update, an annotation, a second signature.

A certificate has to be valid when the paper was signed. The paper itself cannot prove when that was; the register can, and who
asks it passes ``signed_at``. Without it, a certificate that has expired since proves nothing.

Strangers' files are read here, so it runs in a process that may die: see ``notices.examining``.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any, Literal

from engine.errors import EngineError
from notices import certificates

State = Literal["valid", "unsigned", "changed", "foreign", "revoked", "expired", "not_yet_valid", "unreadable"]
FACTS_FILE = "notice.json"
LARGEST_FACTS = 256 * 1024
FINGERPRINT_BYTES = 32

SENTENCES: Mapping[State, tuple[str, str]] = {
    "valid": ("签章有效，签署后未被改动。", "The signature is valid, and nothing was changed since."),
    "unsigned": ("文件没有电子签章，不能证明由谁制发。", "The file is not signed: nothing proves who issued it."),
    "changed": (
        "文件在签署后被改动或者添加过内容。",
        "The file was changed, or something was added, after it was signed.",
    ),
    "foreign": (
        "签章证书不是由本系统信任的机构颁发的。",
        "The certificate was not issued by an authority that is trusted here.",
    ),
    "revoked": ("签章证书已被吊销。", "The certificate of the signature was revoked."),
    "expired": (
        "签章证书已过期；文件本身不能证明签署时证书有效，请向登记簿核验。",
        "The certificate has expired; the file alone cannot prove that it was valid when it signed. Ask the register.",
    ),
    "not_yet_valid": ("签章证书尚未生效。", "The certificate is not valid yet."),
    "unreadable": ("文件不是可以读取的 PDF。", "The file is no PDF that can be read."),
}


@dataclass(frozen=True)
class Certified:
    """The certificate of a signature."""

    name: str
    subject: str
    issuer: str
    fingerprint: str
    valid_from: str
    valid_until: str
    demonstration: bool


@dataclass(frozen=True)
class Verdict:
    """What the bytes of a paper prove. ``said`` is what the paper says of itself for programs, and trusted only if valid."""

    state: State
    digest: str = ""
    said: Mapping[str, Any] | None = None
    certificate: Certified | None = None
    algorithm: str = ""
    claimed_at: str | None = None
    covers_all: bool = False
    signatures: int = 0

    def sentence(self, locale: str) -> str:
        zh, en = SENTENCES[self.state]
        return zh if locale.startswith("zh") else en

    @property
    def names_another(self) -> bool:
        """Whether the certificate is of another organ than the paper says: offline, nothing else would tell it."""
        issuer = str((self.said or {}).get("issuer") or "")[:64]
        return self.certificate is not None and issuer not in self.certificate.subject

    @property
    def token(self) -> str:
        """The last part of the address at which the paper says that it can be verified."""
        address = (self.said or {}).get("verify")
        token = address.rpartition("/")[2][:64] if isinstance(address, str) else ""
        return token if token.isalnum() and token.isascii() else ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Verdict":
        certificate = document["certificate"]
        return cls(**{**document, "certificate": Certified(**certificate) if certificate else None})


@dataclass(frozen=True)
class Trust:
    """Whom to believe: authorities (PEM), certificates that were revoked with the day from which on, and the time."""

    roots: str
    revoked: Mapping[str, date | None]
    now: datetime
    signed_at: datetime | None = None  # what the register proves


class RevokedSealsFaulty(EngineError):
    """DUBAN_REVOKED_SEALS cannot be read at “{entry}”: it is a fingerprint of 64 hexadecimal digits, or one with =2026-05-01."""

    zh = "DUBAN_REVOKED_SEALS 中的“{entry}”无法识别：应为 64 位十六进制指纹，或者指纹后加 =2026-05-01。"


def revoked_of(said: str) -> dict[str, date | None]:
    """The setting ``DUBAN_REVOKED_SEALS``: fingerprints, each with the day from which on it is revoked, or none.

    Raises RevokedSealsFaulty.
    """
    found: dict[str, date | None] = {}
    for entry in filter(None, (part.strip() for part in said.split(","))):
        digits, _, day = entry.partition("=")
        digits = digits.strip().replace(":", "").lower()
        try:
            if len(bytes.fromhex(digits)) != FINGERPRINT_BYTES:
                raise ValueError(digits)
            found[digits] = date.fromisoformat(day.strip()) if day.strip() else None
        except ValueError:
            raise RevokedSealsFaulty(entry=entry[:100]) from None
    return found


def verify(content: bytes, trust: Trust) -> Verdict:
    """What a file proves; never raises for what is wrong with the file."""
    digest = hashlib.sha256(content).hexdigest()
    try:
        verdict = _judged(content, trust)
    except Exception:  # whatever a hostile file makes of the library that reads it
        verdict = Verdict("unreadable")
    return replace(verdict, digest=digest)


def _judged(content: bytes, trust: Trust) -> Verdict:
    from pyhanko.pdf_utils.reader import PdfFileReader

    reader = PdfFileReader(BytesIO(content))
    said = _said(reader)
    signatures = list(reader.embedded_signatures)
    if not signatures:
        return Verdict("unsigned", said=said)
    verdict = _of_signature(signatures[0], trust)
    one = len(signatures) == 1 and not list(reader.embedded_timestamp_signatures)
    if not one and verdict.state != "unreadable":
        verdict = replace(verdict, state="changed")
    return replace(verdict, said=said, signatures=len(signatures))


def _of_signature(signature: Any, trust: Trust) -> Verdict:
    from cryptography import x509
    from pyhanko.sign.fields import MDPPerm
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.settings import KeyUsageConstraints
    from pyhanko.sign.validation.status import SignatureCoverageLevel
    from pyhanko_certvalidator import ValidationContext

    certificate = x509.load_der_x509_certificate(signature.signer_cert.dump())
    moment = _within(certificate, trust.signed_at or trust.now)
    context = ValidationContext(trust_roots=_roots(trust.roots), moment=moment, allow_fetching=False)
    # what a certificate is made for is judged below: one that does not say is good for everything
    status = validate_pdf_signature(signature, context, key_usage_settings=KeyUsageConstraints(key_usage=set()))
    whole = status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    certifies = signature.docmdp_level == MDPPerm.NO_CHANGES
    unchanged = whole and certifies and status.intact and status.valid and status.docmdp_ok
    if not unchanged:
        state: State = "changed"
    elif not (status.bottom_line and certificates.may_sign(certificate)):
        state = "foreign"
    else:
        state = _by_time(certificate, trust)
    claimed = signature.self_reported_timestamp
    return Verdict(
        state,
        certificate=_described(certificate),
        algorithm=_algorithm(certificate, status),
        claimed_at=claimed.isoformat() if claimed else None,
        covers_all=whole,
    )


def _within(certificate: Any, moment: datetime) -> datetime:
    """An instant at which the certificate is valid, as near as can be: whether it was valid then is asked apart."""
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    nearest: datetime = min(max(moment, begins + timedelta(seconds=1)), ends - timedelta(seconds=1))
    return nearest


def _by_time(certificate: Any, trust: Trust) -> State:
    print_ = certificates.fingerprint(certificate)
    moment = trust.signed_at or trust.now
    if print_ in trust.revoked:
        since = trust.revoked[print_]
        if since is None or trust.signed_at is None or trust.signed_at.date() >= since:
            return "revoked"
    if moment > certificate.not_valid_after_utc:
        return "expired"
    return "not_yet_valid" if moment < certificate.not_valid_before_utc else "valid"


def _roots(pem: str) -> list[Any]:
    from asn1crypto.pem import unarmor
    from asn1crypto.x509 import Certificate

    if not pem.strip():
        return []
    return [Certificate.load(der) for _, _, der in unarmor(pem.encode(), multiple=True)]


def _described(certificate: Any) -> Certified:
    from cryptography.x509.oid import NameOID

    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return Certified(
        name=str(names[0].value) if names else certificate.subject.rfc4514_string(),
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        fingerprint=certificates.fingerprint(certificate),
        valid_from=certificate.not_valid_before_utc.date().isoformat(),
        valid_until=certificate.not_valid_after_utc.date().isoformat(),
        demonstration=certificates.is_demonstration(certificate),
    )


def _algorithm(certificate: Any, status: Any) -> str:
    from cryptography.hazmat.primitives.asymmetric import ec

    key = certificate.public_key()
    curve = (
        {"secp256r1": "P-256", "secp384r1": "P-384"}.get(key.curve.name, key.curve.name)
        if isinstance(key, ec.EllipticCurvePublicKey)
        else ""
    )
    mechanism = " ".join(filter(None, ("ECDSA" if curve else str(status.pkcs7_signature_mechanism), curve)))
    return f"PAdES, {mechanism}, {status.md_algorithm.upper().replace('SHA', 'SHA-')}"


def _said(reader: Any) -> dict[str, Any] | None:
    """What the paper says for programs: the file ``notice.json`` in it, whatever it is worth."""
    try:
        for file in list(reader.root["/Names"]["/EmbeddedFiles"]["/Names"])[1::2]:
            if str(file.get_object().get("/UF", "")) == FACTS_FILE:
                data = file.get_object()["/EF"]["/F"].data
                said = json.loads(data) if len(data) <= LARGEST_FACTS else None
                return said if isinstance(said, dict) else None
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, RecursionError):
        return None
    return None
