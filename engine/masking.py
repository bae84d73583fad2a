"""Personal data as it may be shown: enough to recognise a person one deals with, too little to find a stranger.

A ``level`` names the place where a value is shown. In a ``list`` a name is reduced to its surname (王某某); on the
``page`` of a case it keeps its length (王**); an ``export`` leaves the house and keeps only what statistics need (the
region of an identity number, the domain of an e-mail address). ``none`` shows the value, ``hidden`` says only that
there is one.

Which fields hold what kind of personal data is a property of a form's schema (``x-personal``, ``x-mask``).
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Literal, get_args

Kind = Literal["name", "phone", "email", "identity_number", "address"]
Level = Literal["list", "page", "export", "none", "hidden"]

KINDS: tuple[Kind, ...] = get_args(Kind)
LEVELS: tuple[Level, ...] = get_args(Level)

HIDDEN = "******"

# Surnames of two characters that are still borne; a name that begins with one keeps both.
_PAIRS = (
    "欧阳太史端木上官司马东方独孤南宫万俟闻人夏侯诸葛尉迟公羊赫连澹台皇甫宗政濮阳公冶太叔申屠"
    "公孙慕容仲孙钟离长孙宇文司徒鲜于司空闾丘子车亓官司寇巫马公西颛孙壤驷公良漆雕乐正宰父谷梁"
    "拓跋夹谷轩辕令狐段干百里呼延东郭南门羊舌微生左丘东门西门第五"
)
_COMPOUND_SURNAMES = frozenset(_PAIRS[at : at + 2] for at in range(0, len(_PAIRS), 2))

# A prefix of an address down to city, and down to district; 小区, 园区 and the like are no districts, 市场 is no city.
_CITY = re.compile(r"(?:[^\d]{2,8}?(?:省|自治区|特别行政区))?[^\d]{1,10}?(?:市(?![场民区中辖])|自治州|地区|盟)")
_DISTRICT = re.compile(r"[^\d]{1,8}?(?:(?<![小社园校厂营矿景库])区(?!间)|县|市(?![场民区中辖])|旗)")


def mask(kind: Kind, value: str, level: Level) -> str:
    """A value as it may be shown in that place; never the value itself, unless the level is ``none``."""
    if level not in LEVELS:
        raise ValueError(f"unknown masking level {level!r}")
    masked = _MASKS[kind]
    text = value.strip()
    if level == "none" or not text:
        return value
    return HIDDEN if level == "hidden" else masked(text, level)


def _name(text: str, level: Level) -> str:
    characters = _characters(text)
    if not any(_is_han(character) for character in characters):
        return _latin_name(text, level)
    surname = _surname(characters)
    given = len(characters) - len(surname)
    if not given:
        return "某" if level != "page" else "*"
    if level == "page":
        return "".join(surname) + "".join(c if c in "·• " else "*" for c in characters[len(surname) :])
    return "".join(surname) + ("某" if given == 1 else "某某")


def _surname(characters: list[str]) -> list[str]:
    """The characters that may be seen; of a one-character name none."""
    if len(characters) < 2:
        return []
    if len(characters) > 2 and "".join(characters[:2]) in _COMPOUND_SURNAMES:
        return characters[:2]
    return characters[:1]


def _latin_name(text: str, level: Level) -> str:
    """John Smith → J*** S**** on a page, J*** in lists, where not even the number of names shows."""
    words = [_characters(word) for word in text.split()]
    if level != "page":
        return f"{words[0][0]}***" if len(words) > 1 or len(words[0]) > 1 else "***"
    return " ".join(word[0] + "*" * (len(word) - 1) if len(word) > 1 else "*" for word in words)


def _phone(text: str, level: Level) -> str:
    """13800136021 → 138****6021; in an export only the first three digits stay. Spaces and hyphens keep their place."""
    country = re.match(r"(?:\+|00)86[\s-]*", text)
    start = country.end() if country else 0
    digits = sum(character.isdigit() for character in text[start:])
    if digits >= 11:
        head, tail = (3, 0) if level == "export" else (3, 4)
    else:
        head, tail = (0, 0) if level == "export" or digits < 5 else (0, 2)
    masked, seen = [], 0
    for character in text[start:]:
        if character.isdigit():
            seen += 1
            masked.append(character if seen <= head or seen > digits - tail else "*")
        else:
            masked.append("*" if character.isalpha() else character)
    return text[:start] + "".join(masked) if digits else HIDDEN


def _email(text: str, level: Level) -> str:
    """wang@example.com → w***@example.com; three stars whatever the length."""
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain:
        return HIDDEN
    first = "" if level == "export" or len(local) == 1 else _characters(local)[0]
    return f"{first}***@{domain}"


def _identity_number(text: str, level: Level) -> str:
    """Eighteen digits keep region and end on a page, the two outer digits in a list, the region in an export."""
    shown = {"page": (6, 4), "export": (6, 0)}.get(level, (1, 1))
    if len(text) < 15:  # a passport or a permit: the region is not in it
        shown = (0, 0) if level == "export" or len(text) < 5 else (1, 1)
    head, tail = shown
    return text[:head] + "*" * (len(text) - head - tail) + text[len(text) - tail :]


def _address(text: str, level: Level) -> str:
    """Down to the district on a page, to the city elsewhere; how much follows does not show."""
    city = _CITY.match(text)
    end = city.end() if city else 0
    if level == "page":
        district = _DISTRICT.match(text, end)
        end = district.end() if district else end
    return text[:end] + HIDDEN


_MASKS: dict[Kind, Callable[[str, Level], str]] = {
    "name": _name,
    "phone": _phone,
    "email": _email,
    "identity_number": _identity_number,
    "address": _address,
}


def _characters(text: str) -> list[str]:
    """What a reader sees as one character: a letter keeps its accents, a rare character its variation selector."""
    characters: list[str] = []
    for point in text:
        joins = unicodedata.category(point) in ("Mn", "Me", "Mc") or point == "\u200d"
        if characters and (joins or characters[-1].endswith("\u200d")):
            characters[-1] += point
        else:
            characters.append(point)
    return characters


def _is_han(character: str) -> bool:
    return unicodedata.name(character[0], "").startswith("CJK ") or character[0] == "〇" or ord(character[0]) >= 0x20000
