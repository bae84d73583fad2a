"""A signature as an organ's seal makes it: ECDSA on P-256 by pyHanko, with a key and a certificate of this run alone."""

import io
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers

from notices.paper import Printed


@cache
def _signer() -> signers.SimpleSigner:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "贵阳市交通委员会（测量）")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    kept = serialization.pkcs12.serialize_key_and_certificates(
        b"x", key, certificate, None, serialization.BestAvailableEncryption(b"x")
    )
    signer = signers.SimpleSigner.load_pkcs12_data(kept, other_certs=[], passphrase=b"x")
    assert signer is not None
    return signer


def sign(printed: Printed) -> bytes:
    """The paper with a signature in the place of its seal."""
    seal = printed.seal
    box = (round(seal.left), round(seal.bottom), round(seal.right), round(seal.top)) if seal else None
    place = fields.SigFieldSpec("seal", on_page=seal.page if seal else 0, box=box)
    about = signers.PdfSignatureMetadata(field_name="seal", subfilter=fields.SigSeedSubFilter.PADES)
    signer = signers.PdfSigner(about, signer=_signer(), new_field_spec=place)
    signed: io.BytesIO = signer.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(printed.content)))
    return signed.getvalue()
