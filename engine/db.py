"""The database: one door to read, one door to write.

``reading()`` takes no write lock. ``unit_of_work()`` is the only thing that commits: one request, one transaction, one
``now``, one actor. On SQLite a process-wide lock stands before ``BEGIN IMMEDIATE`` (writers then never fight); on PostgreSQL
the verbs lock the row of the one case that they change.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, ExceptionContext, create_engine, event, insert, inspect, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import sessionmaker
from sqlmodel import Session, SQLModel, col, select

from engine import clock
from engine.access import SYSTEM, Actor
from engine.errors import EngineError, Invalid, Unavailable
from engine.failpoints import failpoint
from engine.models import Case, Incident, SystemValue, UtcDateTime, new_id
from engine.privacy import Keys, load_keys
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.operations import Registry

__all__ = ["Database", "Reading", "UnitOfWork", "UtcDateTime", "upgrade"]

log = logging.getLogger("duban.db")

CLOCK_OFFSET = "clock_offset_seconds"
LONGEST_WAIT_SECONDS = 30  # for other writers of this process


class CharacterUnusable(Invalid):
    """The text holds a character that can neither be stored nor looked for."""

    zh = "文字中含有无法保存或者查询的字符。"


class DatabaseBusy(Unavailable):
    """The database is busy at the moment; please try again."""

    zh = "数据库繁忙，请稍后重试。"


@dataclass
class Reading:
    """A look at the data: a session, the legal time, who looks, and the keys and settings of the installation."""

    session: Session
    now: datetime
    actor: Actor
    settings: Settings
    keys: Keys
    registry: "Registry"


@dataclass
class UnitOfWork(Reading):
    """One write: everything that it changes is committed together or not at all.

    ``warnings`` are what whoever acts must be told although the work was done.
    """

    warnings: list[EngineError] = field(default_factory=list)
    left_work: bool = False  # for the worker, who is woken for it after the commit
    events: list[Any] = field(default_factory=list)  # what engine.audit has noted and not written yet
    stopped: list[Any] = field(default_factory=list)  # clocks whose result engine.results counts at the end
    _before_commit: list[Callable[[], None]] = field(default_factory=list)
    _after_commit: list[Callable[[], None]] = field(default_factory=list)

    def before_commit(self, effect: Callable[[], None]) -> None:
        """Something that belongs to the change and is done once, at its end; where it fails, nothing is changed."""
        self._before_commit.append(effect)

    def warn(self, warning: EngineError) -> None:
        """Something that whoever acts must be told, once."""
        if warning.sentence() not in {known.sentence() for known in self.warnings}:
            self.warnings.append(warning)

    def after_commit(self, effect: Callable[[], None]) -> None:
        """Something to do once the change is safe, e.g. wake the worker. It must not fail the request."""
        self._after_commit.append(effect)

    @contextmanager
    def part(self) -> Iterator[None]:
        """Some of the work that, if it fails, is undone alone; whoever catches the error may go on."""
        noted, stopped = len(self.events), len(self.stopped)
        try:
            with self.session.begin_nested():
                yield
        except BaseException:
            del self.events[noted:], self.stopped[stopped:]  # what was undone is neither recorded nor counted
            raise

    def take_turns(self, *about: str) -> None:
        """Those who change the same thing come one after the other, each when the one before has committed.

        For what has no row yet that could be locked. On SQLite all writers take turns anyway.
        """
        if self.session.get_bind().dialect.name == "postgresql":
            self.session.execute(_TAKE_TURNS, {"about": list(about)})

    def add(self, *rows: Any) -> None:
        """Add rows and flush, so that the next query sees them."""
        self.session.add_all(rows)
        self.session.flush()

    def append(self, table: type[SQLModel], rows: list[dict[str, Any]]) -> None:
        """Write rows that nobody changes any more: in one statement, and without keeping them at hand."""
        made = [{"id": new_id(), **row} for row in rows]
        if made:
            self.session.connection().execute(insert(table), made)


_TAKE_TURNS = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(thing, 0)) FROM unnest(CAST(:about AS text[])) AS thing"
)


class Database:
    """The data of one installation.

    ``registry`` says which operations and jobs the composition offers; ``now`` is where legal time comes from (a scenario
    brings its own).
    """

    def __init__(self, settings: Settings, registry: "Registry", now: Callable[[], datetime] = clock.wall) -> None:
        self.settings, self.registry, self.now = settings, registry, now
        self.engine = connect(settings.url)
        self.keys = load_keys(settings)
        self.sqlite = self.engine.dialect.name == "sqlite"
        self._writer = threading.Lock()
        self._sessions = sessionmaker(self.engine, class_=Session, expire_on_commit=False)

    @contextmanager
    def reading(self, actor: Actor) -> Iterator[Reading]:
        """Look without locking; nothing is written."""
        with self._sessions() as session:
            if self.sqlite:  # one snapshot for the whole look
                session.connection().exec_driver_sql("BEGIN")
            else:
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            try:
                yield Reading(session, self._legal_now(session), actor, self.settings, self.keys, self.registry)
            finally:
                session.expunge_all()  # what was read stays readable
                session.rollback()

    @contextmanager
    def unit_of_work(self, actor: Actor = SYSTEM) -> Iterator[UnitOfWork]:
        """One transaction; it commits when the block ends well, and leaves nothing when it does not."""
        failpoint("db.begins")
        with self._turn(), self._sessions() as session:
            self._begin(session)
            uow = UnitOfWork(session, self._legal_now(session), actor, self.settings, self.keys, self.registry)
            try:
                yield uow
                for effect in uow._before_commit:
                    effect()
                failpoint("db.changed")
                session.commit()
            except OperationalError as error:
                session.rollback()
                raise DatabaseBusy() from error
            except BaseException as error:
                session.rollback()
                if isinstance(error, EngineError) and error.needs_operator:
                    self._report(session, uow, error)
                raise
        failpoint("db.committed")
        for effect in uow._after_commit:
            try:
                effect()
            except Exception:
                log.exception("an effect after the commit failed")
        failpoint("db.told")

    def _begin(self, session: Session) -> None:
        """On SQLite a write says at once that it will write; another process may make us wait for ten seconds."""
        if self.sqlite:
            try:
                session.connection().exec_driver_sql("BEGIN IMMEDIATE")
            except OperationalError as error:
                raise DatabaseBusy() from error

    def _report(self, session: Session, uow: UnitOfWork, error: EngineError) -> None:
        """The work was undone; that it failed is kept for the operator."""
        self._begin(session)
        case_id = error.data.get("case_id")
        if case_id and session.get(Case, case_id) is None:
            case_id = None  # it was to begin in the work that was undone
        place: dict[str, Any] = {"kind": error.slug, "case_id": case_id, "node": error.data.get("node")}
        known = select(Incident.id).filter_by(**place).where(col(Incident.resolved_at).is_(None))
        if session.exec(known.limit(1)).first() is None:  # it may fail again and again until somebody looks
            session.add(Incident(sentence=error.for_the_record(), at=uow.now, **place))
        session.commit()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self.sqlite:
            yield
            return
        if not self._writer.acquire(timeout=LONGEST_WAIT_SECONDS):
            raise DatabaseBusy()
        try:
            yield
        finally:
            self._writer.release()

    def _legal_now(self, session: Session) -> datetime:
        now = self.now().astimezone(UTC)
        if self.settings.demo:
            offset = session.get(SystemValue, CLOCK_OFFSET)
            now += timedelta(seconds=float(offset.value)) if offset else timedelta()
        return now

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def connect(url: str) -> Engine:
    """An engine with the settings that each database needs to be safe. Its errors never quote values."""
    engine = _engine(url)
    event.listen(engine, "handle_error", _refuse_characters)
    return engine


def _refuse_characters(context: ExceptionContext) -> None:
    """U+0000 (PostgreSQL) and halves of surrogate pairs reach us in ids and searches: that is no fault of ours."""
    error = context.original_exception
    if isinstance(error, UnicodeEncodeError) or "NUL (0x00)" in str(error):
        raise CharacterUnusable() from None


def _engine(url: str) -> Engine:
    if url.startswith("postgresql://"):
        url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=10, hide_parameters=True)
    path = url.removeprefix("sqlite:///")
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    arguments = {"check_same_thread": False, "timeout": 10, "isolation_level": None}
    engine = create_engine(url, connect_args=arguments, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _: Any) -> None:
        lasting = ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON")
        for pragma in (*lasting, "cache_size=-32000"):  # 32 MB: rows with random ids lie on many pages
            connection.execute(f"PRAGMA {pragma}").close()

    return engine


def upgrade(url: str) -> None:
    """Bring the tables of a database to the newest version (or make them)."""
    command.upgrade(alembic_config(url), "head")


def downgrade(url: str, revision: str = "base") -> None:
    """Take the tables back to an older version; used by the tests of the migrations."""
    command.downgrade(alembic_config(url), revision)


def is_empty(engine: Engine) -> bool:
    """Whether the database has no tables of ours yet."""
    return not inspect(engine).has_table("case_file")


def alembic_config(url: str) -> Config:
    """Where the migrations are, and of which database."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["url"] = url
    return config
