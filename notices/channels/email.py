"""E-mail: a pointer that a notice is there. It names neither the matter nor the person; the paper itself stays on the portal."""

import smtplib
from email.message import EmailMessage
from email.policy import SMTP

from engine.errors import Unavailable
from engine.settings import Settings

TIMEOUT_SECONDS = 20


class MailNotSent(Unavailable):
    """The mail could not be handed over: {reason}."""

    zh = "邮件未能发出：{reason}。"


def message(settings: Settings, address: str, reference: str, delivery_id: str) -> EmailMessage:
    """The mail: Chinese first, English second; the same delivery always has the same Message-ID."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = settings.mail_from, address
    mail["Subject"] = f"您的申请 {reference} 有新的通知"
    mail["Message-ID"] = f"<{delivery_id}@{settings.mail_from.rpartition('@')[2] or 'localhost'}>"
    mail["Auto-Submitted"] = "auto-generated"
    track = settings.base_url.rstrip("/") + "/track"
    mail.set_content(
        f"您好！\n\n您的申请 {reference} 有新的通知。请打开 {track} ，输入受理编号和查询码查看。\n"
        "为保护您的个人信息，本邮件不含通知内容，请勿回复。\n\n"
        f"There is a new notice in your case {reference}. Open {track} and enter the reference and your query code.\n"
    )
    return mail


def send(settings: Settings, address: str, reference: str, delivery_id: str) -> str:
    """Hand the mail over to the mail server; returns the Message-ID as proof. Raises MailNotSent."""
    mail = message(settings, address, reference, delivery_id)
    try:
        with smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=TIMEOUT_SECONDS) as server:
            if settings.smtp_starttls:
                server.starttls()
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password)
            server.send_message(mail)
    except (OSError, smtplib.SMTPException) as error:
        raise MailNotSent(reason=type(error).__name__) from None
    return str(mail["Message-ID"])
