"""All tables, one noun a file: the data dictionary."""

from engine.models.base import UtcDateTime, new_id
from engine.models.calendar import CalendarVersion, HolidayNotice
from engine.models.case import (
    Case,
    CaseLink,
    CaseRevision,
    Participant,
    Party,
    ProcessInstance,
    ReceivedMessage,
    StepRecord,
)
from engine.models.catalogue import CatalogueItem
from engine.models.deadline import Breach, Deadline, DeadlineChange, LadderClaim
from engine.models.definition import ProcessDefinition, ProcessPresentation
from engine.models.document import Document
from engine.models.migration import InstanceMigration
from engine.models.notice import Delivery, Notice, NumberSequence
from engine.models.organisation import Membership, Organisation, OrganisationRelation
from engine.models.person import ApiToken, FailedAttempts, Person, WebSession
from engine.models.printed import PrintedCorrection, PrintedDate
from engine.models.reminder import Reminder, Urging
from engine.models.search import SearchEntry
from engine.models.task import Task, Timer
from engine.models.work import AuditEvent, IdempotencyKey, Incident, Job, SystemValue

__all__ = [
    "ApiToken",
    "AuditEvent",
    "Breach",
    "CalendarVersion",
    "Case",
    "CaseLink",
    "CaseRevision",
    "CatalogueItem",
    "Deadline",
    "DeadlineChange",
    "Delivery",
    "Document",
    "FailedAttempts",
    "HolidayNotice",
    "IdempotencyKey",
    "Incident",
    "InstanceMigration",
    "Job",
    "LadderClaim",
    "Membership",
    "Notice",
    "NumberSequence",
    "Organisation",
    "OrganisationRelation",
    "Participant",
    "Party",
    "Person",
    "PrintedCorrection",
    "PrintedDate",
    "ProcessDefinition",
    "ProcessInstance",
    "ProcessPresentation",
    "ReceivedMessage",
    "Reminder",
    "SearchEntry",
    "StepRecord",
    "SystemValue",
    "Task",
    "Timer",
    "Urging",
    "UtcDateTime",
    "WebSession",
    "new_id",
]
