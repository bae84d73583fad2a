"""E-mail: pointers to what stands on the portal or in an inbox. They name neither the matter nor the person."""

import smtplib
from email.message import EmailMessage
from email.policy import SMTP

from engine.errors import Unavailable
from engine.settings import Settings

TIMEOUT_SECONDS = 20


class MailNotSent(Unavailable):
    """The mail could not be handed over: {reason}."""

    zh = "邮件未能发出：{reason}。"


class MailRefused(Unavailable):
    """The mail server refuses this mail for good ({code}): it will not be sent again."""

    zh = "邮件服务器永久拒收该邮件（{code}），不再重发。"
    lasts = True


def envelope(settings: Settings, address: str, subject: str, ident: str) -> EmailMessage:
    """A mail without its text; what is sent again under the same id has the same Message-ID."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = settings.mail_from, address, subject
    mail["Message-ID"] = f"<{ident}@{settings.mail_from.rpartition('@')[2] or 'localhost'}>"
    mail["Auto-Submitted"] = "auto-generated"
    return mail


def pointer(settings: Settings, address: str, reference: str, delivery_id: str) -> EmailMessage:
    """The mail about a notice: Chinese first, English second."""
    mail = envelope(settings, address, f"您的申请 {reference} 有新的通知", delivery_id)
    track = settings.base_url.rstrip("/") + "/track"
    mail.set_content(
        f"您好！\n\n您的申请 {reference} 有新的通知。请打开 {track} ，输入受理编号和查询码查看。\n"
        "为保护您的个人信息，本邮件不含通知内容，请勿回复。\n\n"
        f"There is a new notice in your case {reference}. Open {track} and enter the reference and your query code.\n"
    )
    return mail


def send(settings: Settings, mail: EmailMessage) -> str:
    """Hand a mail over to the mail server; returns the Message-ID as proof. Raises MailNotSent."""
    try:
        with smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=TIMEOUT_SECONDS) as server:
            if settings.smtp_starttls:
                server.starttls()
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password)
            server.send_message(mail)
    except (OSError, smtplib.SMTPException) as error:
        if (code := _refusal(error)) is not None:
            raise MailRefused(code=code) from None
        raise MailNotSent(reason=type(error).__name__) from None
    return str(mail["Message-ID"])


def _refusal(error: Exception) -> int | None:
    """The code (5xx) with which a server refuses this address or mail for good, as against all mail of ours."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        return codes[0] if codes and all(code >= 500 for code in codes) else None
    if isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500:
        return error.smtp_code
    return None
