"""The metronome: it looks for due work every few seconds and at set hours. What is due stands in the database.

APScheduler only calls; it remembers nothing. Any number of processes may beat at once: rows are claimed, so each
piece of work is done by one of them. A commit may nudge the metronome, so that a receipt appears at once and not at
the next beat.
"""

import logging
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from api.problems import places
from engine import clock, maintenance
from engine.db import Database
from notices import render

log = logging.getLogger("duban.worker")

JOBS, SWEEP, TIDY = "jobs", "sweep", "tidy"
HEARD = timedelta(seconds=15)  # so often at most it is written down that the metronome lives
TIDY_AT = "03:10"  # Shanghai


class Metronome:
    """Calls what is due: jobs and clocks every few seconds, tidying at night."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._wanted, self._stopping = threading.Event(), threading.Event()
        self._scheduler = BackgroundScheduler(timezone=clock.SHANGHAI)
        # As many jobs are done at once as papers can be typeset, so that one that takes its whole time holds up no other.
        self._job_beats = [f"{JOBS}-{number}" for number in range(render.workers(database.settings))]
        self._prepared, self._heard = False, datetime.min.replace(tzinfo=UTC)

    def start(self) -> None:
        """Begin to beat, at once."""
        every, now = self.database.settings.metronome_seconds, clock.wall()
        hour, minute = TIDY_AT.split(":")
        for name, work in (*((name, self._jobs) for name in self._job_beats), (SWEEP, self._sweep)):
            self._scheduler.add_job(
                work, IntervalTrigger(seconds=every), id=name, next_run_time=now, max_instances=1, coalesce=True
            )
        night = CronTrigger(hour=hour, minute=minute, timezone=clock.SHANGHAI)
        self._scheduler.add_job(self._tidy, night, id=TIDY, max_instances=1, coalesce=True, misfire_grace_time=3600)
        self._scheduler.start()

    def nudge(self) -> None:
        """Look for jobs now: somebody has just committed one."""
        self._wanted.set()
        if self._scheduler.running:
            for name in self._job_beats:
                self._scheduler.modify_job(name, next_run_time=clock.wall())

    def stop(self) -> None:
        """Finish what is being done, and beat no more."""
        self._stopping.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def _jobs(self) -> None:
        done = 0
        self._wanted.set()
        while (done or self._wanted.is_set()) and not self._stopping.is_set():  # a nudge during the work is not lost
            self._wanted.clear()
            done = self._beat(maintenance.run_jobs)

    def _sweep(self) -> None:
        if self._beat(self._swept, "sweep"):
            self.nudge()  # what a clock set off may have left jobs

    def _swept(self, database: Database) -> int:
        """A sweep, and the ladder before the first one; after one that went well it is written down that the metronome lives."""
        if not self._prepared:
            maintenance.prepare(database)
            self._prepared = True
        happened = maintenance.sweep(database)
        if clock.wall() - self._heard >= HEARD:
            maintenance.beat(database)
            self._heard = clock.wall()
        return happened

    def _tidy(self) -> None:
        self._beat(maintenance.tidy)

    def _beat(self, work: Callable[[Database], int | None], name: str = "") -> int:
        """One call; whatever goes wrong, the next beat comes. The log gets kind and place of the error, not its words."""
        try:
            return work(self.database) or 0
        except Exception as error:
            called = name or getattr(work, "__name__", "work")
            log.error("%s failed: %s at %s", called, type(error).__name__, places(error))
            return 0


def run_until_stopped(database: Database) -> None:
    """A worker process: beat until SIGTERM or SIGINT, then finish what is being done."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    metronome = Metronome(database)
    log.info("the worker beats every %g s", database.settings.metronome_seconds)
    metronome.start()
    stop.wait()
    log.info("the worker finishes what it is doing")
    metronome.stop()
