"""All settings of an installation, typed, from the environment (``DUBAN_…``)."""

from functools import cached_property
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """How this installation is run. Everything has a default that works on one machine."""

    model_config = SettingsConfigDict(env_prefix="DUBAN_", env_ignore_empty=True, extra="ignore")

    var: Path = Field(default=ROOT / "var", description="Folder of the database file, documents and keys")
    database_url: str = Field(default="", description="SQLAlchemy URL; empty = SQLite in the var folder")
    bundles: Path = Field(default=ROOT / "bpmn", description="Folder of the processes")
    master_keys: str = Field(
        default="",
        description="Base64 keys of 32 bytes, newest first, separated by commas; empty = a file in the var folder",
    )
    identity_keys: str = Field(
        default="",
        description="Likewise for the identities of complainants, kept apart: other keys; empty = a file in the var folder",
    )
    base_url: str = Field(default="http://127.0.0.1:8000", description="Address of the portal, printed on notices")
    demo: bool = Field(default=False, description="A demonstration: time can travel, logins are printed")
    host: str = "127.0.0.1"
    port: int = 8000
    secure_cookies: bool = False
    session_hours: int = 12
    public_session_minutes: int = 60
    max_upload: int = Field(default=20 * 1024 * 1024, description="Largest attachment in bytes")
    max_attachments: int = 10
    max_attempts: int = Field(default=10, description="Wrong codes or passwords before a pause")
    attempts_window_minutes: int = 15
    smtp_host: str = Field(default="", description="Mail server; empty = no mail is sent")
    smtp_port: int = 25
    smtp_starttls: bool = False
    smtp_user: str = ""
    smtp_password: str = ""
    mail_from: str = "duban@localhost"
    webhook_private: bool = Field(
        default=False, description="Webhooks may go into private networks, and to this machine without TLS"
    )
    metronome_seconds: float = Field(default=2.0, description="How often due work is looked for")
    render_seconds: float = Field(default=10.0, description="A rendering that takes longer is killed")
    render_workers: int = Field(
        default=0, ge=0, description="Papers typeset at once, some 250 MB of memory each; 0 = one a core, at most two"
    )
    seals: Path | None = Field(
        default=None, description="Folder of the organs' seals, <code>.p12; empty = demonstration seals"
    )
    seals_passphrase: str = Field(default="", description="Passphrase of the seals")
    revoked_seals: str = Field(
        default="",
        description="Certificates that prove nothing any more: fingerprint=2026-05-01, separated by commas; the day "
        "from which on, or none",
    )

    @cached_property
    def url(self) -> str:
        """The database's address."""
        return self.database_url or f"sqlite:///{self.var / 'duban.db'}"

    @property
    def documents(self) -> Path:
        """The folder of encrypted documents."""
        return self.var / "documents"
