"""The words that go on record with an act: why it was done."""

from engine.errors import Invalid

LONGEST = 500  # characters


class ReasonMissing(Invalid):
    """Say why, in at most {longest} characters; it is recorded."""

    zh = "请填写理由（不超过{longest}字），理由将留痕。"


def given(words: str) -> str:
    """The words as they are kept: visible, without blank ends; raises ReasonMissing for none or too many."""
    kept = said(words)
    if not kept:
        raise ReasonMissing(longest=LONGEST)
    return kept


def said(words: str) -> str:
    """The same where nothing need be said."""
    kept = " ".join("".join(sign if sign.isprintable() else " " for sign in words).split())
    if len(kept) > LONGEST:
        raise ReasonMissing(longest=LONGEST)
    return kept
