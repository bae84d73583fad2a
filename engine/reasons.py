"""The words that go on record with an act: why it was done."""

from collections.abc import Iterable

from engine.errors import Invalid

LONGEST_REASON = 500  # characters
BLACKED_OUT = "▇▇"


class ReasonMissing(Invalid):
    """Say why, in at most {longest} characters; it is recorded."""

    zh = "请填写理由（不超过{longest}字），理由将留痕。"


def given(words: str) -> str:
    """The words as they are kept: visible, without blank ends; raises ReasonMissing for none or too many."""
    kept = said(words)
    if not kept:
        raise ReasonMissing(longest=LONGEST_REASON)
    return kept


def without(words: str, secrets: Iterable[str]) -> str:
    """The words with what must stand in no record blacked out: whom somebody looked up, say."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        words = words.replace(secret, BLACKED_OUT)
    return words


def said(words: str) -> str:
    """The same where nothing need be said."""
    kept = " ".join("".join(sign if sign.isprintable() else " " for sign in words).split())
    if len(kept) > LONGEST_REASON:
        raise ReasonMissing(longest=LONGEST_REASON)
    return kept
