"""An issued paper becomes a sealed one: the hash of what was typeset, the organ's signature over it, and what is kept of both.

In this process and never in one that typesets: those hold no keys.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite

from engine.db import UnitOfWork
from engine.models import Notice, Organisation, SealCertificate
from engine.settings import Settings
from notices import certificates
from notices.certificates import Seal
from notices.paper import Paper, Printed
from notices.signing import DIGEST, PadesSigner, Signed, Signer

SIGNER: Signer = PadesSigner()


@dataclass(frozen=True)
class Proof:
    """The bytes to be kept, the hash of them as they were typeset, and the signature of a paper that is signed."""

    content: bytes
    digest: str
    signed: Signed | None = None
    seal: Seal | None = None


def seal(settings: Settings, paper: Paper, issuer: Organisation, printed: Printed, now: datetime) -> Proof:
    """Seal a typeset paper; a slip is neither numbered nor sealed, and is known to the register by its hash alone.

    Raises SealMissing, SealUnreadable, SealUnfit, CertificateNotYetValid, CertificateExpired.
    """
    digest = hashlib.new(DIGEST, printed.content).hexdigest()
    if not paper.signed:
        return Proof(printed.content, digest)
    of_organ = certificates.seal_of(settings, issuer.code, paper.organisation, now)
    signed = SIGNER.sign(printed, of_organ, paper.organisation, now)
    return Proof(signed.content, digest, signed, of_organ)


def keep(uow: UnitOfWork, notice: Notice, proof: Proof) -> None:
    """Write down with the notice what proves it, and the certificate once for all papers that it signs."""
    notice.digest, notice.digest_algorithm = proof.digest, DIGEST
    if proof.signed is not None and proof.seal is not None:
        notice.signature_algorithm = proof.signed.algorithm
        notice.certificate = proof.signed.certificate
        notice.signed_at = proof.signed.signed_at
        _know(uow, notice.organisation_id, proof.seal)
    uow.add(notice)


def _know(uow: UnitOfWork, organisation_id: str, seal: Seal) -> None:
    insert = sqlite.insert if uow.session.get_bind().dialect.name == "sqlite" else postgresql.insert
    certificate = seal.certificate
    row = {
        "fingerprint": seal.fingerprint,
        "organisation_id": organisation_id,
        "subject": certificate.subject.rfc4514_string()[:500],
        "issuer": certificate.issuer.rfc4514_string()[:500],
        "valid_from": certificate.not_valid_before_utc,
        "valid_until": certificate.not_valid_after_utc,
        "demonstration": seal.demonstration,
        "chain": certificates.as_pem([certificate, *seal.chain]),
    }
    uow.session.execute(insert(SealCertificate).values(**row).on_conflict_do_nothing(index_elements=["fingerprint"]))
