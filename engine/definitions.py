"""Processes as data: read a bundle, tell its flow from its presentation, deploy it, and find it again for a case.

*Flow* (BPMN, DMN, clocks, data, the shape of forms) is pinned for a case; *presentation* (labels, ui-schemas, notice
templates, translations) has revisions that running cases follow. Both are known by the hash of their content and stored in
the database, so that a bundle on disk may change or vanish. See ``docs/adr`` for why.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
from sqlalchemy import ScalarSelect, func
from sqlmodel import col, select

from engine import audit, fragments, items, link_kinds, lint, relations, roles, statutes
from engine.access import require_administrator
from engine.db import Reading, UnitOfWork
from engine.errors import Invalid, NotFound
from engine.failpoints import failpoint
from engine.forms import Form
from engine.manifest import Manifest, NoticeRule, parse_toml, read_manifest, read_notice, without_labels
from engine.models import Case, InstanceMigration, Organisation, ProcessDefinition, ProcessPresentation
from engine.runtime import Blueprint, Faulty, parse

MANIFEST = "process.toml"
MAX_FILES = 500
MAX_BYTES = 8 * 1024 * 1024
SUFFIXES = (".toml", ".bpmn", ".dmn", ".json", ".j2")
PROVIDING = (
    "agency",
    "city_data_bureau",
    "district_data_bureau",
    "government",
    "public_service",
)  # kinds that have data
Files = Mapping[str, bytes]
ADOPTS = "catalogue.adopt"  # the operation by which drafts of the catalogue become current
_ITEMS = re.compile(rb"\bitems\b")
Options = Mapping[str, list[tuple[str, str]]]  # by name of the list: (value, title)


class ProcessUnknown(NotFound):
    """There is no process with the key “{key}”."""

    zh = "没有名为“{key}”的流程。"


class VersionUnknown(NotFound):
    """The process {key} has no version {version}."""

    zh = "流程“{key}”没有第{version}版。"


class FormUnknown(NotFound):
    """The process has no form “{form}”."""

    zh = "流程中没有名为“{form}”的表单。"


class NoticeUnknown(NotFound):
    """The process has no notice “{notice}”."""

    zh = "流程中没有名为“{notice}”的文书。"


class BundleTooLarge(Invalid):
    """The bundle is too large: at most {files} files and {megabytes} MB."""

    zh = "流程包过大：最多 {files} 个文件、{megabytes} MB。"


class BundleMissing(Invalid):
    """{path} is not a bundle: it has no process.toml."""

    zh = "{path} 不是流程包：缺少 process.toml。"


class FileNotPlain(Invalid):
    """{path} is a link or no plain file: a bundle holds its files itself."""

    zh = "{path} 是链接，或者不是普通文件：流程包的文件应当直接放在文件夹中。"


@dataclass(frozen=True)
class Bundle:
    """One version of a process with one revision of its words, ready for use. Shared by all its cases; never changed."""

    definition_id: str
    presentation_id: str
    version: int
    revision: int
    flow: Files
    words: Files

    @cached_property
    def manifest(self) -> Manifest:
        return read_manifest(self.words[MANIFEST])

    @cached_property
    def blueprint(self) -> Blueprint:
        return parse({p: b for p, b in self.flow.items() if p.endswith((".bpmn", ".dmn"))}, self.manifest.process.key)

    @cached_property
    def english(self) -> dict[str, Any]:
        return parse_toml(self.words.get("locale/en.toml", b""), "locale/en.toml")

    @property
    def key(self) -> str:
        return self.manifest.process.key

    def roles_of(self, part: str) -> frozenset[str]:
        """The roles for which the process has lanes in a part."""
        lanes = (node.lane for node in self.blueprint.nodes.values() if node.lane)
        return frozenset(role for lane in lanes for owner, _, role in [lane.partition(".")] if owner == part)

    @cached_property
    def reads_relations(self) -> bool:
        """Whether any expression may ask who stands over whom: for the others nobody looks it up."""
        return any(f".{name}".encode() in content for content in self.flow.values() for name in relations.NAMES)

    @cached_property
    def reads_items(self) -> bool:
        """Whether any declaration may ask what the catalogue says of an item."""
        return any(_ITEMS.search(content) for path, content in self.words.items() if path.endswith(".toml"))

    @cached_property
    def revises_catalogue(self) -> bool:
        """Whether what is drafted for a case of it can become current in the catalogue."""
        drawn = self.blueprint.drawn.values()
        return any(element.verb == ADOPTS for scope in drawn for element in scope.elements.values())

    def form(self, name: str, locale: str = "zh", options: Options | None = None) -> Form:
        """A form in the reader's language; ``options`` fills the lists that come from the directory."""
        if options:
            return self._made(name, locale, options)
        language = "zh" if locale.startswith("zh") else "en"
        if (name, language) not in self._forms:
            self._forms[name, language] = self._made(name, language, {})
        return self._forms[name, language]

    def lists_asked(self, name: str) -> frozenset[str]:
        """The lists of the directory or the catalogue that a form offers."""
        fields = self.form(name).schema.get("properties", {})
        asked = [_options_of(field).get("x-options") for field in fields.values()]
        return frozenset(list_ for list_ in asked if list_ is not None)

    @cached_property
    def _forms(self) -> dict[tuple[str, str], Form]:
        """Forms that were asked for, by name and language: reading one costs more than judging an answer by it."""
        return {}

    def _made(self, name: str, locale: str, options: Options) -> Form:
        path = f"forms/{name}.schema.json"
        if path not in self.words:
            raise FormUnknown(form=name)
        schema = with_options(json.loads(self.words[path]), options)
        form = Form(schema, json.loads(self.words.get(f"forms/{name}.ui.json", b"{}")))
        return form if locale.startswith("zh") else form.localised(self.english.get("forms", {}).get(name, {}))

    def form_of(self, node: str) -> str | None:
        """The name of the form of a user task."""
        known = self.blueprint.nodes.get(node)
        file = known.properties.get("formJsonSchemaFilename") if known else None
        return PurePosixPath(file).name.removesuffix(".schema.json") if file else None

    def notice(self, name: str) -> NoticeRule:
        path = f"notices/{name}/notice.toml"
        if path not in self.words:
            raise NoticeUnknown(notice=name)
        return read_notice(self.words[path], path)

    def template(self, name: str, locale: str = "zh") -> str:
        """The Jinja source of a notice."""
        english = f"notices/{name}/body.en.html.j2"
        path = english if locale == "en" and english in self.words else f"notices/{name}/body.html.j2"
        if path not in self.words:
            raise NoticeUnknown(notice=name)
        return self.words[path].decode()

    def lane_of(self, node: str) -> str:
        """The lane of a step as participant.role; empty where it has none."""
        known = self.blueprint.nodes.get(node)
        return (known.lane or "") if known else ""

    @cached_property
    def approving(self) -> frozenset[str]:
        """The drawn tasks in which papers are approved."""
        return frozenset(step.task for name in self.notices() for step in self.notice(name).approval)

    def has_translation(self, name: str) -> bool:
        """Whether a notice can be had in English as well, as a courtesy."""
        return f"notices/{name}/body.en.html.j2" in self.words

    def notices(self) -> list[str]:
        return sorted(p.split("/")[1] for p in self.words if re.fullmatch(r"notices/[^/]+/notice\.toml", p))

    def diagrams(self) -> dict[str, bytes]:
        return {p: b for p, b in sorted(self.flow.items()) if p.endswith(".bpmn")}

    def node_title(self, node: str, locale: str = "zh") -> str:
        """What a step is called in the reader's language."""
        if not locale.startswith("zh") and (found := self.english.get("nodes", {}).get(node)):
            return str(found)
        known = self.blueprint.nodes.get(node)
        return known.name or node if known else node

    def text(self, declared: Any, key: str = "title", locale: str = "zh") -> str:
        """A label of a declaration (title, text, refusal) in the reader's language."""
        english = getattr(declared, f"{key}_en", "")
        return str(english if not locale.startswith("zh") and english else getattr(declared, key, ""))


@dataclass(frozen=True)
class Versions:
    """The version on which a case is, and those on which it was: what was done under one of them is shown by it."""

    present: Bundle
    past: tuple[tuple[int, Bundle], ...]  # oldest first, each with the last revision of the document written under it

    def at(self, revision: int) -> Bundle:
        """The version under which a revision of the case's document was written."""
        return next((bundle for last, bundle in self.past if revision <= last), self.present)

    def of_node(self, node: str) -> Bundle:
        """The newest version that has a node."""
        return self._newest(lambda bundle: node in bundle.blueprint.nodes)

    def of_message(self, name: str) -> Bundle:
        """The newest version that takes a message."""
        return self._newest(lambda bundle: bundle.manifest.message(name) is not None)

    def of_deadline(self, name: str) -> Bundle:
        """The newest version that declares a clock."""
        return self._newest(lambda bundle: name in bundle.manifest.deadlines)

    def of_notice(self, name: str) -> Bundle:
        """The newest version that issues a paper."""
        return self._newest(lambda bundle: name in bundle.notices())

    def _newest(self, knows: Callable[[Bundle], bool]) -> Bundle:
        newest_first = (self.present, *(bundle for _, bundle in reversed(self.past)))
        return next((bundle for bundle in newest_first if knows(bundle)), self.present)


def with_options(schema: dict[str, Any], options: Options) -> dict[str, Any]:
    """The schema with ``x-options`` lists filled in as ``oneOf`` choices."""
    filled = dict(schema)
    filled["properties"] = {name: _filled(field, options) for name, field in schema.get("properties", {}).items()}
    return filled


def _options_of(field: Mapping[str, Any]) -> Mapping[str, Any]:
    """Where a field says its choices: those of a list of several stand in its items."""
    source: Mapping[str, Any] = field.get("items", {}) if field.get("type") == "array" else field
    return source


def _filled(field: dict[str, Any], options: Options) -> dict[str, Any]:
    source = _options_of(field)
    if "x-options" not in source:
        return field
    listed = [{"const": c, "title": t} for c, t in options.get(source["x-options"], [])]
    chosen = {"oneOf": listed + list(source.get("x-options-extra", []))}
    return field | ({"items": {**source, **chosen}} if field.get("type") == "array" else chosen)


# ---------------------------------------------------------------- reading from disk


def read_folder(path: Path) -> dict[str, bytes]:
    """The files of a bundle on disk, by relative path, those of the fragments beside it that it uses among them.

    Raises BundleMissing, BundleTooLarge, FileNotPlain, and what ``fragments.merged`` raises.
    """
    files = _files_of(path)
    if not fragments.used(files):
        return files
    named = [key for key in fragments.used(files) if PurePosixPath(key).name == key]  # beside it, and nowhere else
    beside = {key: path.resolve().parent / key for key in named}
    whole = fragments.merged(files, {key: _files_of(p) for key, p in beside.items() if (p / MANIFEST).is_file()})
    return dict(sorted(checked_size(whole).items()))


def bundle_folders(path: Path) -> list[Path]:
    """The folders in a folder that hold processes; what several of these share is no process of its own."""
    found = sorted(manifest.parent for manifest in path.glob(f"*/{MANIFEST}"))
    return [folder for folder in found if not fragments.is_fragment({MANIFEST: read_file(folder / MANIFEST)})]


def _files_of(path: Path) -> dict[str, bytes]:
    """The files of one folder, by relative path; raises BundleMissing, BundleTooLarge, FileNotPlain."""
    if not (path / MANIFEST).is_file():
        raise BundleMissing(path=str(path))
    files: dict[str, bytes] = {}
    size = 0
    for file in path.rglob("*"):
        relative = file.relative_to(path)
        is_linked_folder = file.is_symlink() and file.is_dir()
        if relative.parts[0] == "scenarios" or (file.suffix not in SUFFIXES and not is_linked_folder):
            continue
        if file.is_symlink() or not file.is_file():
            raise FileNotPlain(path=str(file))
        content = read_file(file)
        size += len(content)
        files[relative.as_posix()] = content
        if len(files) > MAX_FILES or size > MAX_BYTES:  # whatever else there is, it is not read
            raise BundleTooLarge(files=MAX_FILES, megabytes=MAX_BYTES // 1024 // 1024)
    return dict(sorted(files.items()))


def read_file(path: Path, most: int = MAX_BYTES) -> bytes:
    """The bytes of a file, or so many of them that it is seen to be too large."""
    with path.open("rb") as file:
        return file.read(most + 1)


def checked_size(files: dict[str, bytes]) -> dict[str, bytes]:
    """The same files; raises BundleTooLarge."""
    if len(files) > MAX_FILES or sum(map(len, files.values())) > MAX_BYTES:
        raise BundleTooLarge(files=MAX_FILES, megabytes=MAX_BYTES // 1024 // 1024)
    return files


def split(files: Files) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Flow and presentation of a bundle. Declarations and schemas stand in both: without words, and with them."""
    flow: dict[str, bytes] = {}
    words: dict[str, bytes] = {}
    for path, content in files.items():
        if path.endswith((".bpmn", ".dmn")):
            flow[path] = content
            continue
        words[path] = content
        if path == MANIFEST:
            flow[path] = _canonical(without_labels(parse_toml(content, path)))
        elif path.endswith(".schema.json"):
            flow[path] = _canonical(_shape(json.loads(content)))
        elif path.endswith("/notice.toml") and (chain := parse_toml(content, path).get("approval")):
            flow[path] = _canonical(chain)  # who approves a paper is pinned; a paper without a chain has words alone
    return flow, words


def _shape(schema: Any, named: bool = False) -> Any:
    """A JSON schema without titles and descriptions; under ``properties`` those words are names of fields."""
    if isinstance(schema, dict):
        return {
            k: _shape(v, k == "properties") for k, v in schema.items() if named or k not in ("title", "description")
        }
    return [_shape(v) for v in schema] if isinstance(schema, list) else schema


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str).encode()


def hash_of(files: Files) -> str:
    """SHA-256 over names and contents."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path}\0{len(files[path])}\0".encode() + files[path])
    return digest.hexdigest()


# ---------------------------------------------------------------- deploying


def deploy(uow: UnitOfWork, files: Files) -> ProcessDefinition:
    """Make a bundle the current version of its process. The same content again changes nothing; raises Faulty."""
    require_administrator(uow.actor)
    checked_size(dict(files))
    if MANIFEST not in files:
        raise BundleMissing(path="the upload")
    fragments.require_whole(files)
    faults = [f for f in lint.lint_bundle(files, vocabulary(uow)) if not f.warning]
    if faults:
        raise Faulty(faults=tuple(faults))
    flow, words = split(files)
    key = read_manifest(files[MANIFEST]).process.key
    definition = _definition(uow, key, flow)
    presentation = _presentation(uow, definition, words)
    audit.record(
        uow,
        "process.deployed",
        stream="administration",
        process=key,
        version=definition.version,
        revision=presentation.revision,
        flow=definition.flow_hash,
        presentation=presentation.presentation_hash,
    )
    return definition


def vocabulary(reading: Reading) -> lint.Vocabulary:
    """What a bundle may name: the operations of this installation, the roles of its city, the articles that are kept."""
    known, articles = roles.known(reading.settings) or None, statutes.known(reading.settings)
    return lint.vocabulary(reading.registry, known, articles, link_kinds.known(reading.settings) or None)


def _definition(uow: UnitOfWork, key: str, flow: Files) -> ProcessDefinition:
    flow_hash = hash_of(flow)
    uow.take_turns(f"process:{key}")
    versions = select(ProcessDefinition).where(col(ProcessDefinition.key) == key)
    known = list(uow.session.exec(versions))
    failpoint("definitions.locked")
    definition = next((d for d in known if d.flow_hash == flow_hash), None) or ProcessDefinition(
        key=key,
        version=max((d.version for d in known), default=0) + 1,
        flow_hash=flow_hash,
        flow=msgspec.msgpack.encode(dict(flow)),
        deployed_at=uow.now,
        deployed_by=uow.actor.person_id,
    )
    for other in known:
        other.current = False
    definition.current = True
    uow.add(definition, *known)
    return definition


def _presentation(uow: UnitOfWork, definition: ProcessDefinition, words: Files) -> ProcessPresentation:
    latest = _latest_presentation(uow, definition.id)
    words_hash = hash_of(words)
    if latest is not None and latest.presentation_hash == words_hash:
        return latest
    fresh = ProcessPresentation(
        definition_id=definition.id,
        revision=latest.revision + 1 if latest else 1,
        presentation_hash=words_hash,
        files=msgspec.msgpack.encode(dict(words)),
        deployed_at=uow.now,
        deployed_by=uow.actor.person_id,
    )
    uow.add(fresh)
    return fresh


def _latest_presentation(reading: Reading, definition_id: str) -> ProcessPresentation | None:
    revisions = select(ProcessPresentation).where(col(ProcessPresentation.definition_id) == definition_id)
    return reading.session.exec(revisions.order_by(col(ProcessPresentation.revision).desc()).limit(1)).first()


# ---------------------------------------------------------------- finding


def current(reading: Reading, key: str) -> Bundle:
    """The version on which new cases start; raises ProcessUnknown."""
    found = reading.session.exec(
        select(ProcessDefinition.id).where(col(ProcessDefinition.key) == key, col(ProcessDefinition.current).is_(True))
    ).first()
    if found is None:
        raise ProcessUnknown(key=key[:64])
    return bundle(reading, found)


def version(reading: Reading, key: str, number: int) -> Bundle:
    """A version of a process by its number; raises ProcessUnknown, VersionUnknown."""
    current(reading, key)
    wanted = select(ProcessDefinition.id).where(
        col(ProcessDefinition.key) == key, col(ProcessDefinition.version) == number
    )
    found = reading.session.exec(wanted).first()
    if found is None:
        raise VersionUnknown(key=key[:64], version=number)
    return bundle(reading, found)


def processes(reading: Reading) -> list[Bundle]:
    """The current version of every process, by key."""
    ids = (
        select(ProcessDefinition.id)
        .where(col(ProcessDefinition.current).is_(True))
        .order_by(col(ProcessDefinition.key))
    )
    return [bundle(reading, definition_id) for definition_id in reading.session.exec(ids)]


def of_case(reading: Reading, case: Case) -> Bundle:
    """The version that a case is pinned to, in its newest words."""
    return bundle(reading, case.definition_id)


def of_cases(reading: Reading, cases: Iterable[Case]) -> dict[str, Bundle]:
    """The versions of many cases by the id of the definition, found in one query."""
    ids = {case.definition_id for case in cases}
    newest = newest_presentation(col(ProcessDefinition.id))
    found = reading.session.exec(select(ProcessDefinition.id, newest).where(col(ProcessDefinition.id).in_(ids)))
    return {definition_id: with_words(reading, definition_id, words) for definition_id, words in found}


def bundle(reading: Reading, definition_id: str) -> Bundle:
    """A version of a process with the newest revision of its words."""
    newest: str = reading.session.exec(select(newest_presentation(definition_id))).one()
    return with_words(reading, definition_id, newest)


def newest_presentation(definition_id: Any) -> ScalarSelect[str]:
    """Which revision of its words a version has now, as a part of a query."""
    revisions = select(ProcessPresentation.id).where(col(ProcessPresentation.definition_id) == definition_id)
    return revisions.order_by(col(ProcessPresentation.revision).desc()).limit(1).scalar_subquery()


def with_presentation(reading: Reading, presentation_id: str) -> Bundle:
    """The very words that a notice was drafted with, and their version, on which its case may be no more."""
    words = reading.session.get_one(ProcessPresentation, presentation_id)
    return with_words(reading, words.definition_id, presentation_id)


def versions_of(reading: Reading, case: Case) -> Versions:
    """The versions that a case has been on: nearly always one."""
    moved = select(InstanceMigration).where(
        col(InstanceMigration.case_id) == case.id, col(InstanceMigration.undone_at).is_(None)
    )
    rows = reading.session.exec(moved.order_by(col(InstanceMigration.instance_revision)))
    past = tuple((row.case_revision, bundle(reading, row.from_id)) for row in rows)
    return Versions(of_case(reading, case), past)


def with_words(reading: Reading, definition_id: str, presentation_id: str) -> Bundle:
    """A version with one revision of its words. Shared by all its cases: neither id is ever used again."""
    if (found := _BUNDLES.get((definition_id, presentation_id))) is not None:
        return found
    definition = reading.session.get_one(ProcessDefinition, definition_id)
    words = reading.session.get_one(ProcessPresentation, presentation_id)
    fresh = Bundle(
        definition_id,
        presentation_id,
        definition.version,
        words.revision,
        _unpack(definition.flow),
        _unpack(words.files),
    )
    while len(_BUNDLES) >= 64:
        _BUNDLES.pop(next(iter(_BUNDLES)), None)
    _BUNDLES[definition_id, presentation_id] = fresh
    return fresh


_BUNDLES: dict[tuple[str, str], Bundle] = {}


@lru_cache(16)
def _unpack(packed: bytes) -> dict[str, bytes]:
    return msgspec.msgpack.decode(packed, type=dict[str, bytes])


def form(reading: Reading, bundle: Bundle, name: str, locale: str) -> Form:
    """A form in the reader's language, with the lists from the directory filled in where it offers any."""
    asked = bundle.lists_asked(name)
    return bundle.form(name, locale, _options(reading, asked) if asked else None)


def _options(reading: Reading, asked: frozenset[str]) -> dict[str, list[tuple[str, str]]]:
    """The lists that forms may ask for by ``x-options``, by code.

    ``organisations`` that provide data, all ``organs``, and what ``engine.items`` offers of the catalogue.
    """
    of_catalogue = {name: items.options(reading, name) for name in asked & items.LISTS.keys()}
    return of_catalogue if asked <= items.LISTS.keys() else of_catalogue | _houses(reading)


def _houses(reading: Reading) -> dict[str, list[tuple[str, str]]]:
    rows = reading.session.exec(
        select(Organisation)
        .where(col(Organisation.active).is_(True))
        .order_by(func.length(Organisation.level), col(Organisation.kind), col(Organisation.code))
    )
    found = list(rows)
    return {
        "organisations": [(o.code, o.name) for o in found if o.kind in PROVIDING],
        "organs": [(o.code, o.name) for o in found],
    }
