"""Whether a paper was issued: for anybody who holds it. Never the addressee, never a fact of the case."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from api import verifying
from api.deps import ApiAnyone
from api.json.shapes import Shape
from notices.standing import Standing

router = APIRouter(tags=["status (public)"])


class CertificateShape(Shape):
    """The certificate with which a paper was signed."""

    subject: str
    issuer: str
    fingerprint: str = Field(description="SHA-256 of the certificate")
    valid_from: datetime
    valid_until: datetime
    demonstration: bool = Field(description="Of a demonstration: without legal effect")


class OtherShape(Shape):
    """The paper that took its place."""

    number: str | None
    issued_on: date | None
    token: str


class ProofShape(Shape):
    """A paper as the register shows it to anybody who holds it."""

    issuer: str
    title: str
    number: str | None = Field(description="文号; a slip has none")
    issued_on: date | None
    digest: str | None = Field(description="Of the file as it was issued; null while it is being made")
    digest_algorithm: str
    signature: str = Field(description="valid, revoked (proves nothing), pending, none")
    signature_algorithm: str | None
    signed_at: datetime | None
    certificate: CertificateShape | None
    replaced_by: OtherShape | None
    withdrawn_on: date | None
    holds: bool = Field(description="Neither replaced nor withdrawn")


@router.get("/public/papers/{token}", summary="Prove a paper by the code printed on it")
def proof(
    token: Annotated[str, Path(max_length=64, description="The end of the QR code's address")], door: ApiAnyone
) -> ProofShape:
    """What the page behind the QR code says. Unknown tokens answer 404, and too many of them 429."""
    return shape(verifying.look_up(door, token))


def shape(paper: Standing) -> ProofShape:
    certificate = paper.certificate
    return ProofShape.model_validate(
        {
            **vars(paper),
            "holds": paper.holds,
            "certificate": certificate.model_dump(exclude={"organisation_id", "chain"}) if certificate else None,
            "replaced_by": vars(paper.replaced_by) if paper.replaced_by else None,
        }
    )
