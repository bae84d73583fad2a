"""What people look at: the inbox, a task, the case file, the board, and what the public sees of a case.

Every list starts from what the actor may see, is paged by key (never by offset) and gives the frozen values of
``engine.views``; the doors (pages, JSON) only arrange them.
"""

from engine.queries.board import board_counts, board_list, overseen_organisations, process_titles, standings
from engine.queries.board_export import export_rows
from engine.queries.chains import chain
from engine.queries.figures import figures
from engine.queries.files import case_file, cases, unmask
from engine.queries.hands import hands, house, led_people, stood_in_for
from engine.queries.inbox import counts, inbox, task
from engine.queries.public import offers, public_status
from engine.queries.reminders import reminders, unread
from engine.queries.stopped import stopped
from engine.views import (
    ActView,
    ApprovalView,
    BoardCounts,
    CaseFile,
    CaseView,
    ChangeView,
    Colleague,
    Counts,
    DeadlineView,
    DeliveryView,
    DiagramView,
    DocumentView,
    FieldShown,
    Figures,
    HandoverView,
    Hands,
    HeldView,
    HistoryEntry,
    Light,
    NoticeView,
    Offer,
    OverdueRow,
    Page,
    PublicStatus,
    RecusalView,
    ReminderRow,
    Stage,
    StoppedRow,
    TaskRow,
    TaskView,
    Wanted,
)

__all__ = [
    "ActView",
    "ApprovalView",
    "BoardCounts",
    "CaseFile",
    "CaseView",
    "ChangeView",
    "Colleague",
    "Counts",
    "DeadlineView",
    "DeliveryView",
    "DiagramView",
    "DocumentView",
    "FieldShown",
    "Figures",
    "HandoverView",
    "Hands",
    "HeldView",
    "HistoryEntry",
    "Light",
    "NoticeView",
    "Offer",
    "OverdueRow",
    "Page",
    "PublicStatus",
    "RecusalView",
    "ReminderRow",
    "Stage",
    "StoppedRow",
    "TaskRow",
    "TaskView",
    "Wanted",
    "board_counts",
    "board_list",
    "case_file",
    "cases",
    "chain",
    "counts",
    "export_rows",
    "figures",
    "hands",
    "house",
    "inbox",
    "led_people",
    "offers",
    "overdue",
    "overseen_organisations",
    "process_titles",
    "public_status",
    "reminders",
    "standings",
    "stood_in_for",
    "stopped",
    "task",
    "unmask",
    "unread",
]
