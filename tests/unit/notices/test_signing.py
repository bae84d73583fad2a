"""A signed paper, and everything that can be done to one: nothing of it goes unnoticed."""

import asyncio
import io
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from engine.settings import Settings
from notices import certificates, examining, signing
from notices.certificates import Seal
from notices.paper import Printed
from notices.render import typeset
from notices.signing import PadesSigner
from notices.verification import RevokedSealsFaulty, Trust, Verdict, revoked_of, verify
from tests import machine
from tests.papers import image, paper, text
from tests.seals import ENDS, PASSPHRASE, Authority

NOW = datetime(2026, 5, 6, 1, tzinfo=UTC)
ORGAN = "贵阳市交通委员会"
SAID = {
    "format": "duban.notice/1",
    "number": "筑交数复〔2026〕18号",
    "issuer": ORGAN,
    "facts": {"decision": "agreed_open"},
}
SEAL_MM = 42


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def seal(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Seal:
    folder = tmp_path_factory.mktemp("seals")
    authority.issue(folder / "gy-jtw.p12")
    settings = Settings(var=folder, seals=folder, seals_passphrase=PASSPHRASE)
    return certificates.seal_of(settings, "gy-jtw", ORGAN, NOW)


@pytest.fixture(scope="module")
def printed() -> Printed:
    return typeset(paper(signed=True, attached=SAID))


@pytest.fixture(scope="module")
def signed(printed: Printed, seal: Seal) -> bytes:
    return PadesSigner().sign(printed, seal, ORGAN, NOW).content


@pytest.fixture
def trust(authority: Authority) -> Trust:
    return Trust(authority.pem, {}, NOW)


# ---------------------------------------------------------------- a paper as it was signed


def test_a_signed_paper_is_valid_and_says_by_whom_and_how(signed: bytes, seal: Seal, trust: Trust) -> None:
    verdict = verify(signed, trust)
    assert verdict.state == "valid"
    assert verdict.certificate is not None
    assert (verdict.certificate.name, verdict.certificate.fingerprint) == (ORGAN, seal.fingerprint)
    assert not verdict.certificate.demonstration
    assert verdict.algorithm == signing.ALGORITHM
    assert verdict.covers_all
    assert verdict.signatures == 1
    assert verdict.claimed_at == "2026-05-06T09:00:00+08:00"
    assert verdict.said == SAID


def test_what_was_typeset_lies_unchanged_under_the_signature(signed: bytes, printed: Printed) -> None:
    assert signed.startswith(printed.content.rstrip())
    assert typeset(paper(signed=True, attached=SAID)).content == printed.content


def test_a_screen_reader_is_told_whose_seal_it_is(signed: bytes) -> None:
    from pyhanko.pdf_utils.reader import PdfFileReader

    (field,) = PdfFileReader(io.BytesIO(signed)).root["/AcroForm"]["/Fields"]
    assert field.get_object()["/TU"] == f"{ORGAN}电子印章"


def test_the_seal_is_forty_two_millimetres_wide_and_red(signed: bytes, printed: Printed) -> None:
    dpi = 144
    red = _red(image(signed, dpi=dpi), printed, dpi)
    left, top, right, bottom = red
    assert (right - left) / dpi * 25.4 == pytest.approx(SEAL_MM, abs=0.8)
    assert (bottom - top) / dpi * 25.4 == pytest.approx(SEAL_MM, abs=0.8)


def _red(page: Image.Image, printed: Printed, dpi: int) -> tuple[int, int, int, int]:
    """The box of what is red around the place of the seal."""
    assert printed.seal is not None
    scale, margin = dpi / 72, 20
    place = printed.seal
    around = page.crop(
        (
            int((place.left - margin) * scale),
            int(page.height - (place.top + margin) * scale),
            int((place.right + margin) * scale),
            int(page.height - (place.bottom - margin) * scale),
        )
    )
    colours = around.split()
    mask = Image.eval(colours[0], lambda v: 255 if v > 120 else 0)
    green = Image.eval(colours[1], lambda v: 255 if v < 130 else 0)
    box = Image.composite(mask, Image.new("L", mask.size), green).getbbox()
    assert box is not None
    return box


def test_a_demonstration_seal_is_told_from_a_real_one(printed: Printed, signed: bytes, tmp_path: Path) -> None:
    settings = Settings(var=tmp_path)
    demonstration = certificates.seal_of(settings, "gy-jtw", ORGAN, NOW)
    shown = PadesSigner().sign(printed, demonstration, ORGAN, NOW).content
    assert image(shown).tobytes() != image(signed).tobytes()  # 样章 stands on it
    verdict = verify(shown, Trust(certificates.as_pem(certificates.roots(settings)), {}, NOW))
    assert verdict.state == "valid"
    assert verdict.certificate is not None
    assert verdict.certificate.demonstration


@pytest.mark.parametrize("program", ["qpdf", "pdfsig"])
def test_other_programs_agree(signed: bytes, program: str, tmp_path: Path) -> None:
    if shutil.which(program) is None:
        machine.missing(program)
    file = tmp_path / "paper.pdf"
    file.write_bytes(signed)
    arguments = ["qpdf", "--check", str(file)] if program == "qpdf" else ["pdfsig", "-nocert", str(file)]
    answer = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout
    if program == "qpdf":
        assert "No syntax or stream encoding errors found" in answer
    else:
        assert "Signature is Valid" in answer
        assert "Total document signed" in answer


def test_the_text_is_copied_as_before(signed: bytes, printed: Printed) -> None:
    assert text(signed) == text(printed.content)


# ---------------------------------------------------------------- a paper that was tampered with


def _flip(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def _stream_of(content: bytes, mark: bytes) -> int:
    """A place within the first stream after a mark."""
    return content.index(b"stream", content.index(mark)) + 40


def in_text(signed: bytes) -> bytes:
    return _flip(signed, _stream_of(signed, b"%PDF"))


def in_attachment(signed: bytes) -> bytes:
    return _flip(signed, _stream_of(signed, b"/EmbeddedFile"))


def in_signature(signed: bytes) -> bytes:
    begins = signed.index(b"/Contents <") + len(b"/Contents <")
    ends = begins + len(signed[begins : signed.index(b">", begins)].rstrip(b"0"))
    at = ends - 20  # the number itself stands at the end, before the blank
    return signed[:at] + (b"0" if signed[at : at + 1] != b"0" else b"1") + signed[at + 1 :]


def appended_bytes(signed: bytes) -> bytes:
    return signed + b"\n% more\n"


def appended_update(signed: bytes) -> bytes:
    """What a program that fills in a form, or corrects a title, adds at the end."""
    from pyhanko.pdf_utils.generic import pdf_name, pdf_string
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(signed))
    writer.root[pdf_name("/Note")] = pdf_string("x")
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def appended_annotation(signed: bytes) -> bytes:
    """A note stuck onto the page by a PDF viewer."""
    from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, NumberObject, pdf_name, pdf_string
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(signed))
    note = DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Annot"),
            pdf_name("/Subtype"): pdf_name("/FreeText"),
            pdf_name("/Rect"): ArrayObject(map(NumberObject, (100, 500, 300, 550))),
            pdf_name("/Contents"): pdf_string("不同意"),
        }
    )
    page = writer.root["/Pages"]["/Kids"][0]
    annotations = page.get("/Annots", ArrayObject())
    annotations.append(writer.add_object(note))
    page["/Annots"] = annotations
    writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def second_signature(signed: bytes, seal: Seal) -> bytes:
    """Somebody signs below, with a program that does not ask whether it may."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import SigFieldSpec
    from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
    from pyhanko.sign.signers.pdf_byterange import SignatureObject

    writer = IncrementalPdfFileWriter(io.BytesIO(signed))
    steps = PdfCMSEmbedder(new_field_spec=SigFieldSpec("second")).write_cms("second", writer)
    next(steps)
    steps.send(SigObjSetup(sig_placeholder=SignatureObject(bytes_reserved=16384)))
    digest, output = steps.send(SigIOSetup(md_algorithm="sha256", in_place=False))
    signer = signing._as_pyhanko(seal)
    digest.fill_with_cms(output, asyncio.run(signer.async_sign(digest.document_digest, "sha256")))
    return bytes(output.getvalue())


def glued(signed: bytes) -> bytes:
    return signed + signed


def something_before(signed: bytes) -> bytes:
    return b"%something\n" + signed


def truncated(signed: bytes) -> bytes:
    return signed[: len(signed) // 2]


TAMPERED: list[Callable[[bytes], bytes]] = [
    *(in_text, in_attachment, in_signature, appended_bytes, appended_update, appended_annotation),
    *(glued, something_before, truncated),
]


@pytest.mark.parametrize("tamper", TAMPERED, ids=lambda tamper: tamper.__name__)
def test_a_paper_that_was_tampered_with_is_not_valid(
    tamper: Callable[[bytes], bytes], signed: bytes, trust: Trust
) -> None:
    changed = tamper(signed)
    assert changed != signed
    assert verify(changed, trust).state in ("changed", "unreadable")


def test_a_paper_that_somebody_else_signed_as_well_is_not_valid(signed: bytes, seal: Seal, trust: Trust) -> None:
    verdict = verify(second_signature(signed, seal), trust)
    assert verdict.signatures == 2
    assert verdict.state == "changed"


def test_a_paper_without_its_signature_proves_nothing(printed: Printed, trust: Trust) -> None:
    verdict = verify(printed.content, trust)
    assert verdict.state == "unsigned"
    assert verdict.said == SAID  # and is shown as a claim only


def test_a_signature_that_allows_changes_is_not_ours(printed: Printed, seal: Seal, trust: Trust) -> None:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import signers

    writer = IncrementalPdfFileWriter(io.BytesIO(printed.content))
    metadata = signers.PdfSignatureMetadata(field_name="seal", md_algorithm="sha256")
    loose = signers.PdfSigner(metadata, signing._as_pyhanko(seal)).sign_pdf(writer).getvalue()
    assert verify(loose, trust).state == "changed"


def test_a_paper_signed_under_another_authority_is_foreign(printed: Printed, trust: Trust, tmp_path: Path) -> None:
    Authority().issue(tmp_path / "gy-jtw.p12")
    settings = Settings(var=tmp_path, seals=tmp_path, seals_passphrase=PASSPHRASE)
    forged = PadesSigner().sign(printed, certificates.seal_of(settings, "gy-jtw", ORGAN, NOW), ORGAN, NOW).content
    assert verify(forged, trust).state == "foreign"
    assert verify(forged, replace(trust, roots="")).state == "foreign"


# ---------------------------------------------------------------- time


def test_a_certificate_that_has_expired_since_needs_proof_of_time(signed: bytes, trust: Trust) -> None:
    later = replace(trust, now=ENDS + timedelta(days=400))
    assert verify(signed, later).state == "expired"
    assert "登记簿" in verify(signed, later).sentence("zh")
    assert verify(signed, replace(later, signed_at=NOW)).state == "valid"


def test_a_changed_paper_is_not_excused_by_an_expired_certificate(signed: bytes, trust: Trust) -> None:
    later = replace(trust, now=ENDS + timedelta(days=400))
    assert verify(in_text(signed), later).state == "changed"


def test_a_revoked_certificate_proves_only_what_the_register_saw_signed_before(
    signed: bytes, seal: Seal, trust: Trust
) -> None:
    for day, signed_at, state in (
        (None, NOW, "revoked"),
        (date(2026, 5, 7), None, "revoked"),
        (date(2026, 5, 7), NOW, "valid"),
        (date(2026, 5, 6), NOW, "revoked"),
    ):
        told = replace(trust, revoked={seal.fingerprint: day}, signed_at=signed_at)
        assert verify(signed, told).state == state


def test_a_list_of_revoked_seals_that_cannot_be_read_is_never_taken_for_an_empty_one(seal: Seal) -> None:
    print_ = seal.fingerprint
    assert revoked_of(f" {print_.upper()}=2026-05-07 ,{'0' * 64}") == {print_: date(2026, 5, 7), "0" * 64: None}
    assert revoked_of("") == {}
    for said in ("abc", f"{print_}=yesterday", f"{print_}x", "=2026-05-07"):
        with pytest.raises(RevokedSealsFaulty):
            revoked_of(said)


# ---------------------------------------------------------------- files of strangers

HOSTILE = {
    "nothing of a PDF": b"hello",
    "the beginning of a PDF": b"%PDF-1.7\n%%EOF",
    "a table that points at itself": (
        b"%PDF-1.7\nxref\n0 1\n0000000000 65535 f \ntrailer<</Size 1/Prev 9/Root 1 0 R>>\nstartxref\n9\n%%EOF"
    ),
    "deep nesting": b"%PDF-1.7\n1 0 obj" + b"[" * 100_000 + b"\nendobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF",
    "nulls": b"\0" * 100_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_unreadable_and_harms_nobody(name: str, trust: Trust) -> None:
    assert examining.examine(HOSTILE[name], trust).state == "unreadable"


def test_a_file_that_unpacks_to_gigabytes_meets_the_limit_of_its_process(signed: bytes, trust: Trust) -> None:
    import zlib

    packer = zlib.compressobj(9)
    bomb = b"".join([*(packer.compress(b"\0" * 10_000_000) for _ in range(300)), packer.flush()])
    head = b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 1 0 R/Names<</EmbeddedFiles<</Names[(a) 2 0 R]>>>>>>endobj\n"
    names = b"2 0 obj<</UF(notice.json)/EF<</F 3 0 R>>>>endobj\n"
    stream = b"3 0 obj<</Filter/FlateDecode/Length %d>>stream\n" % len(bomb) + bomb + b"\nendstream endobj\n"
    body = head + names + stream
    table = b"xref\n0 4\n0000000000 65535 f \n" + b"".join(
        b"%010d 00000 n \n" % at for at in (9, len(head), len(head) + len(names))
    )
    file = body + table + b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % len(body)
    assert examining.examine(file, trust).state in ("unreadable", "unsigned")


def test_an_empty_file_and_a_huge_one_are_refused_with_a_sentence(trust: Trust) -> None:
    with pytest.raises(examining.PaperEmpty):
        examining.examine(b"", trust)
    with pytest.raises(examining.PaperTooLarge, match="20 MB"):
        examining.examine(b"%PDF" + b"0" * examining.LARGEST, trust)


def test_a_process_of_its_own_says_the_same(signed: bytes, trust: Trust) -> None:
    said = examining.examine(signed, trust)
    assert said == verify(signed, trust)
    assert Verdict.from_json(said.to_json()) == said


def test_no_key_and_no_passphrase_reaches_the_process_that_looks_at_files(
    monkeypatch: pytest.MonkeyPatch, signed: bytes, trust: Trust
) -> None:
    seen: dict[str, str] = {}

    def run(*_: object, env: dict[str, str], **__: object) -> None:
        seen.update(env)
        raise subprocess.SubprocessError

    monkeypatch.setenv("DUBAN_SEALS_PASSPHRASE", PASSPHRASE)
    monkeypatch.setattr(subprocess, "run", run)
    assert examining.examine(signed, trust).state == "unreadable"
    assert not [name for name in seen if re.match("DUBAN", name)]


def test_a_seal_under_a_paper_of_another_organ_is_noticed(signed: bytes, seal: Seal, trust: Trust) -> None:
    assert not verify(signed, trust).names_another
    foreign = typeset(paper(signed=True, attached=SAID | {"issuer": "贵阳市教育局"}))
    claimed = PadesSigner().sign(foreign, seal, ORGAN, NOW).content
    assert verify(claimed, trust).names_another
