"""All tables, one noun a file: the data dictionary."""

from engine.models.absence import Absence
from engine.models.approval import NoticeApproval
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
from engine.models.catalogue import (
    CatalogueDemand,
    CatalogueItem,
    CatalogueRevision,
    CatalogueVersion,
    CatalogueVersionItem,
)
from engine.models.deadline import Breach, Deadline, DeadlineChange, LadderClaim
from engine.models.definition import ProcessDefinition, ProcessPresentation
from engine.models.document import Document
from engine.models.grant import AccessGrant
from engine.models.handover import Handover
from engine.models.instruction import Instruction
from engine.models.lead import SupervisionLead
from engine.models.migration import InstanceMigration
from engine.models.notice import Delivery, Notice, NumberSequence
from engine.models.organisation import Membership, Organisation, OrganisationRelation
from engine.models.person import ApiToken, FailedAttempts, Person, WebSession
from engine.models.printed import PrintedCorrection, PrintedDate
from engine.models.proof import RegisteredNumber, SealCertificate
from engine.models.recusal import Kin, NameClearance, Recusal
from engine.models.reminder import Reminder, Urging
from engine.models.result import ResultCount
from engine.models.search import SearchEntry
from engine.models.task import Task, Timer
from engine.models.webhook import WebhookDelivery, WebhookSubscription
from engine.models.work import AuditEvent, IdempotencyKey, Incident, Job, SystemValue

__all__ = [
    "Absence",
    "AccessGrant",
    "ApiToken",
    "AuditEvent",
    "Breach",
    "CalendarVersion",
    "Case",
    "CaseLink",
    "CaseRevision",
    "CatalogueDemand",
    "CatalogueItem",
    "CatalogueRevision",
    "CatalogueVersion",
    "CatalogueVersionItem",
    "Deadline",
    "DeadlineChange",
    "Delivery",
    "Document",
    "FailedAttempts",
    "Handover",
    "HolidayNotice",
    "IdempotencyKey",
    "Incident",
    "InstanceMigration",
    "Instruction",
    "Job",
    "Kin",
    "LadderClaim",
    "Membership",
    "NameClearance",
    "Notice",
    "NoticeApproval",
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
    "Recusal",
    "RegisteredNumber",
    "Reminder",
    "ResultCount",
    "SealCertificate",
    "SearchEntry",
    "StepRecord",
    "SupervisionLead",
    "SystemValue",
    "Task",
    "Timer",
    "Urging",
    "UtcDateTime",
    "WebSession",
    "WebhookDelivery",
    "WebhookSubscription",
    "new_id",
]
