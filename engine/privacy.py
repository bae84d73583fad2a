"""Keys: what only the parties may know is encrypted with a key of the case, itself wrapped by the master key.

Destroying a case's key is erasure: its document, its parties and its files can never be read again. AES-256-GCM throughout;
every ciphertext names its purpose as associated data, so that one field cannot be passed off as another.
"""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import unicodedata
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.errors import EngineError, NotFound
from engine.settings import Settings

NONCE = 12
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # 30 signs without look-alikes: 13 of them are 63.8 bits
CODE_LENGTH = 13


class KeysMissing(EngineError):
    """The master key with the id {key_id} is not among the keys of this installation."""

    zh = "本系统没有编号为 {key_id} 的主密钥。"


class KeysFaulty(EngineError):
    """The master keys cannot be used: {reason}."""

    zh = "主密钥不可用：{reason}。"


class Unreadable(EngineError):
    """Stored data could not be decrypted: it was changed, or the key is another one."""

    zh = "存储的数据无法解密：数据被改动，或者密钥不符。"


class Erased(NotFound):
    """The personal data of this case has been erased."""

    zh = "本件的个人信息已经销毁。"


class CaseKey:
    """The key of one case: seals and opens its document, parties and files, and derives its query codes."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def seal(self, plain: bytes, purpose: str) -> bytes:
        return _seal(self._sealing, plain, purpose)

    def open(self, sealed: bytes, purpose: str) -> bytes:
        return _open(self._sealing, sealed, purpose)

    @cached_property
    def _sealing(self) -> bytes:
        return self._subkey("seal")

    def seal_value(self, value: Any, purpose: str) -> bytes:
        """A plain value (JSON-like) as ciphertext."""
        return self.seal(msgspec.msgpack.encode(value), purpose)

    def open_value(self, sealed: bytes, purpose: str) -> Any:
        return msgspec.msgpack.decode(self.open(sealed, purpose))

    def query_code(self, case_id: str, party_id: str, version: int) -> str:
        """The party's code to follow the case: derived from key, case, party and version; never stored."""
        digest = hmac.digest(self._subkey("query-code"), f"{case_id}:{party_id}:{version}".encode(), "sha256")
        number, signs = int.from_bytes(digest), []
        for _ in range(CODE_LENGTH):
            number, index = divmod(number, len(CODE_ALPHABET))
            signs.append(CODE_ALPHABET[index])
        return "".join(signs)

    def _subkey(self, use: str) -> bytes:
        return hmac.digest(self._secret, f"duban:{use}".encode(), "sha256")


def show_code(code: str) -> str:
    """The query code as it is printed: in groups, easy to read out."""
    return " ".join((code[:4], code[4:8], code[8:]))


def plain_code(typed: str) -> str:
    """The query code as somebody typed it: full-width or lower-case letters, blanks and hyphens do not matter."""
    return "".join(c for c in unicodedata.normalize("NFKC", typed[:200]).upper() if c.isascii() and c.isalnum())


class Keys:
    """The master keys of the installation: the newest wraps, all can unwrap (rotation).

    ``identity`` are those that wrap the keys of sealed identities; they wrap nothing else, and no master key of cases is one.
    """

    def __init__(self, masters: list[bytes], identity: "Keys | None" = None) -> None:
        if not masters or any(len(m) != 32 for m in masters):
            raise KeysFaulty(reason="each master key has 32 bytes")
        self._masters = {key_id(m): m for m in masters}
        self.current = key_id(masters[0])
        self._identity = identity
        if identity is not None and self._masters.keys() & identity._masters.keys():
            raise KeysFaulty(reason="a key of cases cannot be a key of identities as well")

    @property
    def identity(self) -> "Keys":
        """The master keys of sealed identities (``engine.vault``)."""
        if self._identity is None:
            raise KeysFaulty(reason="there are no keys of identities")
        return self._identity

    def new_case_key(self) -> tuple[CaseKey, bytes, str]:
        """A fresh key for a case: the key, its wrapped form for the database, and the id of the master key that wrapped it."""
        secret = secrets.token_bytes(32)
        return CaseKey(secret), _seal(self._masters[self.current], secret, "case-key"), self.current

    def case_key(self, wrapped: bytes | None, master_id: str) -> CaseKey:
        """Unwrap a case's key; raises Erased when it was destroyed."""
        if wrapped is None:
            raise Erased()
        if master_id not in self._masters:
            raise KeysMissing(key_id=master_id)
        return CaseKey(_open(self._masters[master_id], wrapped, "case-key"))

    def seal(self, plain: bytes, purpose: str) -> tuple[bytes, str]:
        """A secret of the installation, which belongs to no case, as ciphertext, and the id of the master key that sealed it."""
        return _seal(self._masters[self.current], plain, purpose), self.current

    def open(self, sealed: bytes, master_id: str, purpose: str) -> bytes:
        """A secret of the installation; raises KeysMissing, Unreadable."""
        if master_id not in self._masters:
            raise KeysMissing(key_id=master_id)
        return _open(self._masters[master_id], sealed, purpose)

    def token(self, value: str, purpose: str) -> str:
        """A keyed hash of a value: equal values meet, nobody without the key can guess them."""
        oldest = list(self._masters.values())[-1]  # stays the same when a newer key is put in front
        subkey = hmac.digest(oldest, f"duban:token:{purpose}".encode(), "sha256")
        return hmac.new(subkey, value.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()


def key_id(master: bytes) -> str:
    """A short public name of a master key."""
    return hashlib.sha256(b"duban:key-id:" + master).hexdigest()[:12]


def load_keys(settings: Settings) -> Keys:
    """The master keys from settings, or from files in the var folder that are made at the first start."""
    identity = _masters(settings.identity_keys or _key_file(settings.var / "identity.key"))
    return Keys(_masters(settings.master_keys or _key_file(settings.var / "master.key")), Keys(identity))


def _masters(text: str) -> list[bytes]:
    try:
        return [base64.b64decode(part.strip(), validate=True) for part in text.split(",") if part.strip()]
    except binascii.Error:
        raise KeysFaulty(reason="they are not Base64") from None


def _key_file(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(base64.b64encode(secrets.token_bytes(32)).decode())
        try:
            os.link(fresh, path)  # the first of several starters wins
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip()


def _seal(secret: bytes, plain: bytes, purpose: str) -> bytes:
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(secret).encrypt(nonce, plain, purpose.encode())


def _open(secret: bytes, sealed: bytes, purpose: str) -> bytes:
    try:
        return AESGCM(secret).decrypt(sealed[:NONCE], sealed[NONCE:], purpose.encode())
    except (InvalidTag, ValueError):
        raise Unreadable() from None
