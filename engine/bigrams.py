"""The words by which a Chinese text is found: every pair of neighbouring characters, and whole Latin words and numbers.

Databases cannot cut Chinese into words, and SQLite's own trigrams find nothing for one or two characters, silently. So
the terms are made here, the same for both databases: joined by blanks they go into an FTS5 table (``unicode61``), as a
list into a ``text[]`` column with a GIN index on PostgreSQL. A text matches when it holds all terms of a query.

- Within a run of Chinese characters: its bigrams in order (so that FTS5 may ask for them as a phrase), then its single
  characters, which answer queries of one character and keep two runs apart.
- KF-2026-000127 is found by the whole, by any neighbouring parts (KF-2026), by a part (000127) and by 127.
- Width, case, accents and variation selectors do not matter.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

MAX_TERM = 64  # a PostgreSQL GIN key must stay far below 2,700 bytes
MAX_QUERY = 100  # characters of a query that are looked at; the rest could only narrow the result further

# Written without blanks between words: Han with all extensions (planes 2 and 3 whole, whatever this Python's Unicode
# knows of them), 々 and 〇, kana, bopomofo, and the private area in which old systems keep rare characters of names.
_HAN = (
    "\u3005\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ue000-\uf8ff\uf900-\ufaff\U00020000-\U0002fffd\U00030000-\U0003fffd"
)
_WORD = rf"(?:(?![{_HAN}])[^\W_])+"
_PIECE = re.compile(rf"(?P<run>[{_HAN}]+)|(?P<word>{_WORD}(?:[-_./]{_WORD})*)")
_CONNECTORS = re.compile(r"[-_./]")
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63", "-"))


def index_terms(text: str) -> list[str]:
    """All terms under which a text is found, in the order in which they are to be indexed."""
    terms: list[str] = []
    for run, word in _pieces(text):
        terms += [*_bigrams(run), *dict.fromkeys(run)] if run else _compound(word)
    return terms


def query_terms(text: str) -> list[str]:
    """The terms that a text must all hold to be found; an empty list finds nothing."""
    return list(dict.fromkeys(term for phrase in _phrases(text) for term in phrase))


def match_expression(text: str) -> str:
    """A query as an FTS5 MATCH expression: neighbouring bigrams as a phrase, so that 停车场 does not find 停车…车场."""
    return " ".join(f'"{phrase}"' for phrase in query_phrases(text))


def query_phrases(text: str) -> list[str]:
    """What the terms of a text, joined by blanks, must hold: neighbouring bigrams stand side by side there, too."""
    return list(dict.fromkeys(" ".join(phrase) for phrase in _phrases(text)))


def _phrases(text: str) -> Iterator[list[str]]:
    for run, word in _pieces(text[:MAX_QUERY]):
        if run:
            yield _bigrams(run) or [run]
        else:
            parts = _CONNECTORS.split(word)
            yield from ([term] for term in (_pairs(parts) or [_capped(word)]))


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """The runs of Chinese characters and the words of a text, one of the two filled."""
    for piece in _PIECE.finditer(_folded(text)):
        yield piece["run"] or "", piece["word"] or ""


def _folded(text: str) -> str:
    """One spelling for what a reader takes to be the same."""
    wide = unicodedata.normalize("NFKC", text).casefold().translate(_DASHES)
    return "".join(_unaccented(character) for character in unicodedata.normalize("NFKC", wide))


def _unaccented(character: str) -> str:
    """é → e; marks that stand alone and invisible characters vanish; kana and Hangul stay whole."""
    if character.isascii():
        return character
    if unicodedata.category(character) in ("Mn", "Cf"):
        return ""
    base = unicodedata.normalize("NFD", character)[0]
    return base if base.isascii() and base.isalpha() else character


def _bigrams(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)]


def _compound(word: str) -> list[str]:
    """KF-2026-000127 → kf, 2026, 000127, 127, kf2026, 2026000127, kf2026000127."""
    parts = _CONNECTORS.split(word)
    plain = [part.lstrip("0") for part in parts if part.isdecimal() and part.startswith("0")]
    whole = ["".join(parts)] if len(parts) > 2 else []
    return list(dict.fromkeys(_capped(term) for term in [*parts, *plain, *_pairs(parts), *whole] if term))


def _pairs(parts: list[str]) -> list[str]:
    return [_capped(left + right) for left, right in pairwise(parts)]


def _capped(term: str) -> str:
    return term[:MAX_TERM]
