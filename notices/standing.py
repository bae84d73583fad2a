"""What the register says of a paper to anybody who holds it, and how a file compares with what was issued.

Whoever has the token of the QR code sees who issued it, when, under which number, its hash, by which certificate it was signed,
and whether it was replaced or withdrawn: never the addressee, never a fact of the case.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlmodel import col, select

from engine import clock
from engine.db import Reading
from engine.errors import EngineError, NotFound
from engine.models import Case, Document, Notice, Organisation, SealCertificate
from notices import certificates, replacing, service
from notices.verification import Trust, Verdict, revoked_of

Signature = Literal["valid", "revoked", "pending", "none"]
Result = Literal[
    "same", "other_paper", "another", "unregistered", "changed", "foreign", "unproven", "unsigned", "unreadable"
]


class PaperUnknown(NotFound):
    """There is no paper with this verification code."""

    zh = "没有与此核验码对应的文书。"


@dataclass(frozen=True)
class Other:
    """The paper that took the place of another one."""

    number: str | None
    issued_on: date | None
    token: str


@dataclass(frozen=True)
class Standing:
    """A paper as the public register shows it."""

    token: str
    issuer: str
    title: str
    number: str | None  # a slip has none
    issued_on: date | None
    digest: str | None  # of the file as it was issued; nothing while it is being made
    digest_algorithm: str
    signature: Signature
    signature_algorithm: str | None
    signed_at: datetime | None
    certificate: SealCertificate | None
    replaced_by: Other | None
    withdrawn_on: date | None

    @property
    def demonstration(self) -> bool:
        return self.certificate is not None and self.certificate.demonstration

    @property
    def signer(self) -> str:
        """Whom the certificate names, and who issued it."""
        named = self.certificate
        return " · ".join(map(certificates.common_name, (named.subject, named.issuer))) if named else ""

    @property
    def holds(self) -> bool:
        """Whether nothing has taken its place, and nobody withdrew it."""
        return self.replaced_by is None and self.withdrawn_on is None


@dataclass(frozen=True)
class Comparison:
    """What became of a file that somebody dropped, beside the paper that it is or claims to be."""

    result: Result
    verdict: Verdict
    standing: Standing | None


def find(reading: Reading, token: str) -> Standing:
    """The issued paper of a token; raises PaperUnknown."""
    query = select(Notice).where(col(Notice.verify_token) == token, col(Notice.state) == "issued")
    notice = reading.session.exec(query).first()
    if notice is None:
        raise PaperUnknown()
    return _standing(reading, notice)


def with_digest(reading: Reading, digest: str) -> Standing | None:
    """The paper that was issued as exactly this file."""
    query = (
        select(Notice)
        .join(Document, col(Document.id) == col(Notice.document_id))
        .where(col(Document.digest) == digest, col(Notice.state) == "issued")
    )
    notice = reading.session.exec(query.limit(1)).first()
    return _standing(reading, notice) if notice else None


def trust(reading: Reading, standing: Standing | None) -> Trust:
    """Whom to believe about a file: every authority of whose seals papers were issued here, at the time of signing if known."""
    chains = reading.session.exec(select(SealCertificate.chain)).all()
    found = {_last(chain): None for chain in chains}
    now = certificates.as_pem(certificates.roots(reading.settings))
    return Trust(
        roots=now + "".join(found),
        revoked=revoked_of(reading.settings.revoked_seals),
        now=reading.now,
        signed_at=standing.signed_at if standing else None,
    )


def compare(reading: Reading, verdict: Verdict, token: str | None) -> Comparison:
    """How a file that was verified stands to the register, and to the paper whose token was asked for."""
    same = with_digest(reading, verdict.digest)
    asked = find(reading, token) if token else None
    if same is not None:
        if asked is not None and asked.token != same.token:
            return Comparison("other_paper", verdict, same)
        return Comparison("same", verdict, same)
    claimed = asked or _claimed(reading, verdict)
    return Comparison(_result(verdict, claimed), verdict, claimed)


def _result(verdict: Verdict, claimed: Standing | None) -> Result:
    if verdict.state in ("changed", "foreign", "unsigned", "unreadable"):
        return verdict.state
    if verdict.state != "valid":
        return "unproven"
    number = (verdict.said or {}).get("number")
    return "another" if claimed is not None and number == claimed.number else "unregistered"


def _claimed(reading: Reading, verdict: Verdict) -> Standing | None:
    """The paper that a file says that it is."""
    try:
        return find(reading, verdict.token) if verdict.token else None
    except PaperUnknown:
        return None


def _standing(reading: Reading, notice: Notice) -> Standing:
    document = reading.session.get(Document, notice.document_id) if notice.document_id else None
    certificate = reading.session.get(SealCertificate, notice.certificate) if notice.certificate else None
    later = replacing.replacement(reading, notice)
    return Standing(
        token=notice.verify_token,
        issuer=_issuer(reading, notice),
        title=notice.title.replace("|", ""),
        number=notice.number,
        issued_on=notice.issued_on,
        digest=document.digest if document else None,
        digest_algorithm=document.digest_algorithm if document else notice.digest_algorithm,
        signature=_signature(reading, notice),
        signature_algorithm=notice.signature_algorithm,
        signed_at=notice.signed_at,
        certificate=certificate,
        replaced_by=Other(later.number, later.issued_on, later.verify_token) if later else None,
        withdrawn_on=clock.day_of(notice.withdrawn_at) if notice.withdrawn_at else None,
    )


def _signature(reading: Reading, notice: Notice) -> Signature:
    if notice.number is None:
        return "none"
    if notice.certificate is None:
        return "pending" if notice.document_id is None else "none"
    revoked = revoked_of(reading.settings.revoked_seals)
    if notice.certificate not in revoked:
        return "valid"
    since, signed = revoked[notice.certificate], notice.signed_at
    return "valid" if since is not None and signed is not None and clock.day_of(signed) < since else "revoked"


def _issuer(reading: Reading, notice: Notice) -> str:
    """The organ as it was called when it issued the paper; as it is called now where the case's key was destroyed."""
    case = reading.session.get_one(Case, notice.case_id)
    try:
        return str(service.shown_besides(reading, notice, case)["organisation"])
    except EngineError:
        return reading.session.get_one(Organisation, notice.organisation_id).name


def _last(chain: str) -> str:
    """The highest authority of a chain of certificates."""
    begin = "-----BEGIN CERTIFICATE-----"
    return begin + chain.rpartition(begin)[2]
