"""What people look at: the inbox, a task, the case file, the board, and what the public sees of a case.

Every list starts from what the actor may see, is paged by key (never by offset) and gives the frozen values of
``engine.views``; the doors (pages, JSON) only arrange them.
"""

from engine.queries.board import board_counts, overdue
from engine.queries.files import case_file, cases, unmask
from engine.queries.inbox import counts, inbox, task
from engine.queries.public import offers, public_status
from engine.queries.stopped import stopped
from engine.views import (
    BoardCounts,
    CaseFile,
    CaseView,
    Counts,
    DeadlineView,
    DiagramView,
    DocumentView,
    FieldShown,
    HeldView,
    HistoryEntry,
    Light,
    NoticeView,
    Offer,
    OverdueRow,
    Page,
    PublicStatus,
    Stage,
    StoppedRow,
    TaskRow,
    TaskView,
)

__all__ = [
    "BoardCounts",
    "CaseFile",
    "CaseView",
    "Counts",
    "DeadlineView",
    "DiagramView",
    "DocumentView",
    "FieldShown",
    "HeldView",
    "HistoryEntry",
    "Light",
    "NoticeView",
    "Offer",
    "OverdueRow",
    "Page",
    "PublicStatus",
    "Stage",
    "StoppedRow",
    "TaskRow",
    "TaskView",
    "board_counts",
    "case_file",
    "cases",
    "counts",
    "inbox",
    "offers",
    "overdue",
    "public_status",
    "stopped",
    "task",
    "unmask",
]
