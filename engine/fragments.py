"""Called processes that several procedures share: a *fragment* is a folder that is merged into each one that ``uses`` it.

A fragment is no process of its own: it is neither deployed nor listed. Its drawings, forms, notices, words and declarations
become part of the bundle that names it, when that is read; so they are pinned with the flow of each, and judged with it.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from engine.errors import Invalid
from engine.manifest import ManifestFaulty, parse_toml
from engine.strict import Unreadable, read_toml

MANIFEST = "process.toml"
TABLES = ("participants", "parties", "data", "deadlines", "opens", "tells", "outcomes")
LISTS = {
    "messages": "name",
    "links": "kind",
    "stages": "key",
    "rules": "",
    "separations": "",
    "exclusions": "",
    "guards": "",
}
Files = Mapping[str, bytes]


class FragmentMissing(Invalid):
    """The process uses “{fragment}”, but no fragment of that name is included: its folder belongs beside that of the process."""

    zh = "流程使用共用片段“{fragment}”，但没有一并提供：请把它的文件夹放在流程文件夹旁边。"


class FragmentCollides(Invalid):
    """The process and its fragment “{fragment}” both have {name}: each name belongs to one of them."""

    zh = "流程和它使用的片段“{fragment}”都有{name}：同一名称只能由其中一方使用。"


class FragmentAlone(Invalid):
    """“{fragment}” is a fragment: it is no process of its own, and is judged and deployed with those that use it."""

    zh = "“{fragment}”是共用片段，不是独立的流程，随使用它的流程一起检查和部署。"


class FragmentPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``[process]`` of a fragment."""

    key: str
    title: str
    title_en: str
    article: str
    fragment: Literal[True]
    text: str = ""
    text_en: str = ""


def used(files: Files) -> list[str]:
    """The fragments that a bundle names and that are not merged into it yet; none where its declarations cannot be read."""
    named = _process(files).get("uses", [])
    return [str(key) for key in named] if isinstance(named, list) else []


def is_fragment(files: Files) -> bool:
    """Whether a folder holds a fragment, and not a process of its own."""
    return _process(files).get("fragment") is True


def require_whole(files: Files) -> None:
    """Whether a bundle can stand by itself; raises FragmentAlone, FragmentMissing."""
    if is_fragment(files):
        raise FragmentAlone(fragment=str(_process(files).get("key", "")))
    for key in used(files):
        raise FragmentMissing(fragment=key)


def merged(files: Files, fragments: Mapping[str, Files]) -> dict[str, bytes]:
    """The files of a bundle together with those of the fragments that it uses.

    Raises FragmentMissing, FragmentCollides, ManifestFaulty where a fragment's declarations cannot be read.
    """
    whole = dict(files)
    for key in used(files):
        if key not in fragments or not is_fragment(fragments[key]):
            raise FragmentMissing(fragment=key)
        whole = _with(whole, key, fragments[key])
    return whole


def _with(files: Files, key: str, fragment: Files) -> dict[str, bytes]:
    """One fragment merged into a bundle."""
    whole = dict(files)
    for path, content in fragment.items():
        if path.startswith("locale/") and path in whole:
            mine, other = parse_toml(whole[path], path), parse_toml(content, f"{key}/{path}")
            whole[path] = written(_joined(mine, other, key, path))
        elif path != MANIFEST:
            if path in whole:
                raise FragmentCollides(fragment=key, name=path)
            whole[path] = content
    mine, other = parse_toml(files[MANIFEST], MANIFEST), parse_toml(fragment[MANIFEST], f"{key}/{MANIFEST}")
    _require_fragment(other, key)
    whole[MANIFEST] = written(_declared(mine, other, key))
    return whole


def _declared(mine: dict[str, Any], other: dict[str, Any], key: str) -> dict[str, Any]:
    """The declarations of both, the fragment's behind those of the process."""
    whole = dict(mine)
    for name, values in other.items():
        if name in TABLES:
            whole[name] = _joined(mine.get(name, {}), values, key, name, deep=False)
        elif name in LISTS:
            whole[name] = [*mine.get(name, []), *values]
            _require_once(whole[name], LISTS[name], key, name)
    rest = [other_key for other_key in mine["process"]["uses"] if other_key != key]
    whole["process"] = {name: value for name, value in mine["process"].items() if name != "uses"}
    if rest:
        whole["process"]["uses"] = rest
    return whole


def _joined(
    mine: Mapping[str, Any], other: Mapping[str, Any], key: str, where: str, deep: bool = True
) -> dict[str, Any]:
    """Two tables as one; the same name in both collides, unless both are tables of words that go together."""
    whole = dict(mine)
    for name, value in other.items():
        present = whole.get(name)
        if deep and isinstance(present, dict) and isinstance(value, dict):
            whole[name] = _joined(present, value, key, f"{where}.{name}")
        elif name in whole:
            raise FragmentCollides(fragment=key, name=f"{where}.{name}")
        else:
            whole[name] = value
    return whole


def _require_once(values: list[Any], naming: str, key: str, where: str) -> None:
    names = [value.get(naming) for value in values if isinstance(value, dict) and naming]
    for name in names:
        if names.count(name) > 1:
            raise FragmentCollides(fragment=key, name=f"{where}.{name}")


def _require_fragment(declared: Mapping[str, Any], key: str) -> None:
    """A fragment declares itself as one, under its own key, and nothing that it may not."""
    try:
        part = msgspec.convert(declared.get("process"), FragmentPart)
    except msgspec.ValidationError as error:
        raise ManifestFaulty(file=f"{key}/{MANIFEST}", reason=str(error)) from None
    for name in declared.keys() - {"process", *TABLES, *LISTS}:
        raise ManifestFaulty(file=f"{key}/{MANIFEST}", reason=f"a fragment has no table {name}")
    if part.key != key:
        raise ManifestFaulty(file=f"{key}/{MANIFEST}", reason=f"its key is {part.key}, and its folder {key}")


def _process(files: Files) -> Mapping[str, Any]:
    try:
        found = read_toml(files.get(MANIFEST, b"")).get("process", {})
    except Unreadable:
        return {}
    return found if isinstance(found, dict) else {}


# ---------------------------------------------------------------- writing TOML


def written(values: Mapping[str, Any]) -> bytes:
    """Plain values as TOML, one line for each entry of a table, so that what was merged can still be read."""
    return ("\n".join(_table("", values)) + "\n").encode()


def _table(path: str, values: Mapping[str, Any]) -> Iterator[str]:
    """The entries of a table, and below them the tables inside it."""
    inner = {name: value for name, value in values.items() if isinstance(value, dict) or _are_tables(value)}
    yield from (f"{_text(name)} = {_value(value)}" for name, value in values.items() if name not in inner)
    for name, value in inner.items():
        place = f"{path}.{_text(name)}".lstrip(".")
        for table in value if isinstance(value, list) else [value]:
            yield f"\n[[{place}]]" if isinstance(value, list) else f"\n[{place}]"
            yield from _table(place, table)


def _are_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_text(key)} = {_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, str):
        return _text(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
