"""``duban seals`` and ``duban verify-notice``: with which keys papers are signed, and whether a paper was."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli_errors import refuse

if TYPE_CHECKING:
    from notices.certificates import Listed
    from notices.verification import Verdict

UNREADABLE = 2


def seals() -> None:
    """List the seals of organs: code, subject, until when, fingerprint, demonstration or not. Exit code 1 where one cannot sign,
    or ends within 30 days."""
    from engine import clock
    from engine.settings import Settings
    from notices import certificates
    from notices.verification import revoked_of

    settings, now = Settings(), clock.wall()
    revoked_of(settings.revoked_seals)  # says so, if it cannot be read
    if settings.seals is not None and not settings.seals.is_dir():
        refuse(f"DUBAN_SEALS names {settings.seals}, and there is no such folder.")
    found = certificates.listed(settings, now)
    for seal in found:
        print(_told(seal, now))
    if settings.seals is None:
        print(f"DUBAN_SEALS is not set: {certificates.DEMONSTRATION}.")
    elif not found:
        print(f"There is no .p12 file in {settings.seals}.")
    raise typer.Exit(1 if any(seal.fault or seal.ends_soon(now) for seal in found) else 0)


def _told(seal: "Listed", now: datetime) -> str:
    if seal.valid_until is None:
        return f"{seal.code}  {seal.fault}"
    kind = "demonstration" if seal.demonstration else "seal"
    until = f"until {seal.valid_until:%Y-%m-%d}"
    warned = f"  {seal.fault}" if seal.fault else "  ends soon" if seal.ends_soon(now) else ""
    return f"{seal.code}  {kind}  {until}  {seal.fingerprint}  {seal.subject}{warned}"


def verify_notice(
    file: Annotated[Path, typer.Argument(help="The PDF of a paper")],
    root: Annotated[
        Path | None, typer.Option(help="Authority to believe (PEM); default: those of this installation's seals")
    ] = None,
) -> None:
    """Verify a paper without the register: what it says, by whom it is signed, and whether it was changed. Exit code 0 where it
    is valid and signed by the organ that it names, 1 where it is not, 2 where it cannot be read."""
    from engine import clock
    from engine.settings import Settings
    from notices import certificates, examining
    from notices.verification import Trust, revoked_of

    settings = Settings()
    if not file.is_file():
        refuse(f"There is no file {file}.")
    if root is not None and not root.is_file():
        refuse(f"There is no file {root}.")
    believed = root.read_text(errors="replace") if root else certificates.as_pem(certificates.roots(settings))
    if root is not None and "-----BEGIN CERTIFICATE-----" not in believed:
        refuse(f"{root} is no certificate in PEM.")
    with file.open("rb") as stream:
        content = stream.read(examining.LARGEST + 1)
    verdict = examining.examine(content, Trust(believed, revoked_of(settings.revoked_seals), clock.wall()))
    print("\n".join(_said(verdict)))
    if verdict.state == "unreadable":
        raise typer.Exit(UNREADABLE)
    raise typer.Exit(0 if verdict.state == "valid" and not verdict.names_another else 1)


def _said(verdict: "Verdict") -> Iterator[str]:
    from notices.certificates import DEMONSTRATION

    yield f"{verdict.state}: {verdict.sentence('zh')} {verdict.sentence('en')}"
    yield f"sha256: {verdict.digest}"
    certificate = verdict.certificate
    if certificate is not None:
        yield f"signed by: {certificate.subject}"
        yield f"issued by: {certificate.issuer}"
        yield f"certificate: {certificate.fingerprint}, {certificate.valid_from} to {certificate.valid_until}"
        yield f"algorithm: {verdict.algorithm}"
        yield f"time claimed: {verdict.claimed_at}"
        yield f"covers: {'the whole file' if verdict.covers_all else 'a part of the file'}, signatures: {verdict.signatures}"
        if certificate.demonstration:
            yield DEMONSTRATION
    if verdict.names_another:
        yield "caution: 签章证书的主体不是文书所称的制发机关。 The certificate is not of the organ that the paper names."
    for name, value in _flat(verdict.said or {}):
        yield f"{'says' if verdict.state == 'valid' else 'claims'}: {name} = {value}"


def _flat(said: object, path: str = "") -> Iterator[tuple[str, str]]:
    """The values of what a paper says, each with its path; without anything invisible that could play with a terminal."""
    if isinstance(said, dict):
        for name, value in said.items():
            yield from _flat(value, f"{path}.{name}" if path else str(name))
    elif said is not None:
        text = str(said)[:500]
        yield (
            "".join(c for c in path[:100] if c.isprintable()),
            "".join(c if c.isprintable() else " " for c in text),
        )
