"""The electronic seal on a finished paper: an organ's signature over its bytes, visible as the red seal.

``Signer`` is the seam. Today there is one: a PAdES signature in a PDF, ECDSA on P-256 over SHA-256. A seal in an OFD file with
SM2 and SM3 would be another; so nobody who keeps or shows a signature takes a format or an algorithm for granted: ``Signed``
names them, and so do the columns of ``Notice``.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, Protocol

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from engine.clock import SHANGHAI
from notices import seal as pictures
from notices.certificates import Seal
from notices.drawing import SIDE
from notices.fonts import folder, typefaces
from notices.paper import Printed

FIELD = "seal"
ALGORITHM = "PAdES, ECDSA P-256, SHA-256"
DIGEST = "sha256"
RESERVED = 16 * 1024
"""Hexadecimal digits kept for the signature with its certificates."""


@dataclass(frozen=True)
class Signed:
    """A signed paper: its bytes, in which format and by which algorithms, and the certificate's fingerprint."""

    content: bytes
    algorithm: str
    certificate: str
    signed_at: datetime


class Signer(Protocol):
    """Signs finished papers with the seal of an organ."""

    def sign(self, printed: Printed, seal: Seal, organisation: str, now: datetime) -> Signed:
        """The same paper with the organ's signature, at the place that was kept free for its seal."""
        ...


class PadesSigner:
    """PAdES in a PDF: it certifies the paper and allows no change. The seal is the signature's appearance."""

    def sign(self, printed: Printed, seal: Seal, organisation: str, now: datetime) -> Signed:
        # it takes a second to load, and only whoever signs needs it
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
        from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
        from pyhanko.sign.signers.cms_embedder import (
            PdfCMSEmbedder,
            SigAppearanceSetup,
            SigIOSetup,
            SigMDPSetup,
            SigObjSetup,
        )
        from pyhanko.sign.signers.pdf_byterange import SignatureObject

        if printed.seal is None:
            raise ValueError("the paper keeps no place for a seal")
        place = printed.seal
        box: Any = (place.left, place.bottom, place.right, place.top)  # not only whole points
        field = SigFieldSpec(FIELD, on_page=place.page, box=box, readable_field_name=f"{organisation}电子印章")
        writer = IncrementalPdfFileWriter(BytesIO(printed.content))
        steps = PdfCMSEmbedder(new_field_spec=field).write_cms(FIELD, writer)
        next(steps)
        claimed = now.astimezone(SHANGHAI).replace(microsecond=0)
        signature = SignatureObject(
            timestamp=claimed, subfilter=SigSeedSubFilter.PADES, name=organisation, bytes_reserved=RESERVED
        )
        steps.send(
            SigObjSetup(
                sig_placeholder=signature,
                mdp_setup=SigMDPSetup(DIGEST, certify=True, docmdp_perms=MDPPerm.NO_CHANGES),
                appearance_setup=SigAppearanceSetup(_appearance(seal, organisation), claimed, organisation),
            )
        )
        digest, output = steps.send(SigIOSetup(md_algorithm=DIGEST, in_place=False))
        signer = _as_pyhanko(seal)
        digest.fill_with_cms(
            output, asyncio.run(signer.async_sign(digest.document_digest, DIGEST, use_pades=True, is_pdf_sig=True))
        )
        return Signed(output.getvalue(), ALGORITHM, seal.fingerprint, now)


def _appearance(seal: Seal, organisation: str) -> Any:
    """The round red seal, as large as its place: 样章 stands on it where the key is a demonstration's."""
    from pyhanko.pdf_utils.content import RawContent
    from pyhanko.pdf_utils.layout import (
        AxisAlignment,
        BoxConstraints,
        InnerScaling,
        Margins,
        SimpleBoxLayoutRule,
    )
    from pyhanko.stamp import StaticStampStyle

    note = pictures.DEMONSTRATION if seal.demonstration else ""
    drawn = pictures.draw(organisation, typefaces(folder()), note).operators
    upright = b"q 1 0 0 -1 0 %d cm " % SIDE + drawn + b" Q"
    whole = SimpleBoxLayoutRule(
        AxisAlignment.ALIGN_MID, AxisAlignment.ALIGN_MID, Margins.uniform(0), InnerScaling.STRETCH_FILL
    )
    picture = RawContent(upright, box=BoxConstraints(SIDE, SIDE))
    return StaticStampStyle(border_width=0, background=picture, background_layout=whole, background_opacity=1)


def _as_pyhanko(seal: Seal) -> Any:
    from asn1crypto.keys import PrivateKeyInfo
    from asn1crypto.x509 import Certificate
    from pyhanko.sign.signers import SimpleSigner
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    others = SimpleCertificateStore()
    others.register_multiple(Certificate.load(above.public_bytes(Encoding.DER)) for above in seal.chain)
    key = seal.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    certificate = Certificate.load(seal.certificate.public_bytes(Encoding.DER))
    return SimpleSigner(certificate, PrivateKeyInfo.load(key), others)
