"""Who may use which address: every route × every role × every relation to the case, against the table below.

A route without a row fails, and so does a row without a route. What the words of the table mean is said in ``MEANINGS``:
``in`` is let in (whatever comes of it then), ``404`` is told that there is no such thing, ``door`` is led to the sign-in,
``no`` is refused as 403 or 404, whichever is found first.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from httpx import Response
from sqlmodel import col, select

from api import app as application
from api import auth
from engine import (
    absences,
    clock,
    definitions,
    directory,
    holiday_notices,
    incidents,
    instructions,
    kin,
    recusals,
    reminders,
    webhook_events,
    webhooks,
)
from engine.access import SYSTEM
from engine.db import UnitOfWork
from engine.models import (
    CatalogueItem,
    CatalogueRevision,
    Deadline,
    Delivery,
    Document,
    Incident,
    Notice,
    Organisation,
    Person,
    PrintedCorrection,
    PrintedDate,
    PublishedReport,
    Reminder,
    Task,
    WebSession,
)
from engine.settings import ROOT
from tests.household import AGENCY, BUREAU, PASSWORD, PDF, REQUEST, Household

STAFF = (
    "handler",  # of the agency that holds the case
    "bureau",  # takes part in every case
    "supervisor",  # of the bureau
    "stranger",  # of another agency
    "foreign_supervisor",  # of another agency
    "administrator",
    "auditor",
)
OUTSIDERS = ("anonymous", "party", "other_party")
EVERYONE = OUTSIDERS + STAFF

# Who: anonymous party other_party | handler bureau supervisor | stranger foreign_supervisor | administrator auditor
MEANINGS = {
    "everybody": "in in in | in in in | in in | in in",
    "everybody, and staff at a window": "in in in | in in 404 | in 404 | 404 no",
    "staff": "401 401 401 | in in in | in in | in in",
    "those of the case": "401 401 401 | in in in | 404 404 | 404 404",
    "the house whose paper it is": "401 401 401 | 404 in in | 404 404 | 404 404",  # here: the bureau's receipt
    # here: the bureau’s receipt, whose handler sees to it
    "who sees to the service of the paper": "401 401 401 | 403 in 403 | 404 404 | 404 no",
    "who sees to the service of the paper, signed in": "door door door | 403 in 403 | 404 404 | 404 no",
    "who does the task": "401 401 401 | in 404 404 | 404 404 | 404 no",
    "who is reminded": "401 401 401 | in 404 404 | 404 404 | 404 no",  # here: the handler
    "who answers for the case": "401 401 401 | 403 403 in | 404 404 | 404 no",
    "who answers for the case, signed in": "door door door | 403 403 in | 404 404 | 404 no",
    "nobody here, since it is the applicant's": "401 401 401 | 404 404 404 | 404 404 | 404 no",
    "who answers for others": "401 401 401 | 403 403 in | 403 in | 403 403",
    "nobody here, since it is for heads": "401 401 401 | 404 404 404 | 404 404 | 404 no",
    "nobody here, since it is for heads, signed in": "door door door | 404 404 404 | 404 404 | 404 no",
    "nobody here, since it is for heads, of the case": "401 401 401 | 403 403 403 | 404 404 | 404 no",
    "nobody here, since it is for heads, of the case, signed in": "door door door | 403 403 403 | 404 404 | 404 no",
    "nobody here, since the colleague is unknown": "401 401 401 | in in in | in in | 404 no",
    "nobody here, since it is somebody else's": "401 401 401 | 404 404 404 | 404 404 | 404 no",
    "nobody here, since it is somebody else's, signed in": "door door door | 404 404 404 | 404 404 | 404 no",
    "staff at a window, signed in": "door door door | in in 404 | in 404 | 404 404",
    "staff at a window, to change something, signed in": "door door door | in in 404 | in 404 | 404 no",
    "its party alone, for it bears the code": "401 401 401 | 403 403 403 | 404 404 | 404 404",
    "its party alone, for it bears the code, signed in": "door door door | 403 403 403 | 404 404 | 404 404",
    "nobody here, since it is for leaders of bureaus, signed in": "door door door | 403 403 403 | 403 403 | 403 no",
    "who oversees, and may not": "401 401 401 | 404 404 403 | 404 404 | 404 no",
    "who oversees, and may not, signed in": "door door door | 404 404 403 | 404 404 | 404 no",
    "those of the case, to change it": "401 401 401 | in in in | 404 404 | 404 no",
    "those of the case, to change it, signed in": "door door door | in in in | 404 404 | 404 no",
    "those who handle cases": "401 401 401 | in in in | in in | 403 no",
    "those who handle cases, signed in": "door door door | in in in | in in | 403 no",
    "those who work and change something, signed in": "door door door | in in in | in in | 404 no",
    "supervisors of the case": "401 401 401 | 403 403 in | 403 404 | 403 403",
    "supervisors who see the case": "401 401 401 | 403 403 in | 404 404 | 404 no",
    "the bound house": "401 401 401 | in 404 404 | 404 404 | 404 no",
    "who may decide on a printed date": "401 401 401 | 404 404 in | 404 404 | 404 no",
    "nobody here, since they keep no register, signed in": "door door door | 403 403 403 | 403 403 | 403 403",
    "who drafts at the house, signed in": "door door door | in in 403 | in 403 | 403 no",
    "who drafts, and names nothing, signed in": "door door door | 404 404 403 | 404 403 | 403 no",
    "who drafts for the case": "401 401 401 | in 403 403 | 404 404 | 404 no",
    "who drafts for the case, signed in": "door door door | in 403 403 | 404 404 | 404 no",
    "who drafts for the case, and names nothing, signed in": "door door door | 404 403 403 | 404 404 | 404 no",
    "whose data it is, signed in": "door door door | in 404 403 | 404 403 | 403 no",
    "administrators": "401 401 401 | 403 403 403 | 403 403 | in 403",
    "nobody here, since it is its heads’": "401 401 401 | 403 403 403 | 404 404 | 404 no",
    "parties": "401 in in | 401 401 401 | 401 401 | 401 401",
    "the party": "401 in 404 | 401 401 401 | 401 401 | 401 401",
    "staff who may change something, signed in": "door door door | in in in | in in | in no",
    "staff, signed in": "door door door | in in in | in in | in in",
    "those of the case, signed in": "door door door | in in in | 404 404 | 404 404",
    "the house whose paper it is, signed in": "door door door | 404 in in | 404 404 | 404 404",
    "who does the task, signed in": "door door door | in 404 404 | 404 404 | 404 no",
    "those of the case, with a reason, signed in": "door door door | in in in | 404 404 | 404 no",
    "nobody here, since it is its heads’, signed in": "door door door | 403 403 403 | 404 404 | 404 no",
    "who answers for others, signed in": "door door door | 403 403 in | 403 in | 403 403",
    "nobody here, since it is the applicant's, signed in": "door door door | 404 404 404 | 404 404 | 404 no",
    "supervisors of the case, signed in": "door door door | 403 403 in | 403 404 | 403 no",
    "supervisors who see the case, signed in": "door door door | 403 403 in | 404 404 | 404 no",
    "the bound house, signed in": "door door door | in 404 404 | 404 404 | 404 no",
    "who may decide on a printed date, signed in": "door door door | 404 404 in | 404 404 | 404 no",
    "administrators, signed in": "door door door | 403 403 403 | 403 403 | in 403",
    "parties, with a code": "door in in | door door door | door door | door door",
    "the party, with a code": "door in 404 | door door door | door door | door door",
}

TABLE = {
    "GET /healthz": "everybody",
    "GET /readyz": "everybody",
    "GET /metrics": "everybody",
    "GET /catalogue": "everybody",
    "GET /catalogue.jsonld": "everybody",
    "GET /catalogue.csv": "everybody",
    "GET /catalogue/{code}": "everybody",
    "GET /catalogue/{code}.jsonld": "everybody",
    "GET /desk/catalogue": "staff, signed in",
    "GET /desk/catalogue/items/{code}": "staff, signed in",
    "POST /desk/catalogue/items/{code}/renewed": "whose data it is, signed in",
    "POST /desk/catalogue/export": "staff who may change something, signed in",
    "GET /desk/catalogue/drafts": "staff, signed in",
    "GET /desk/catalogue/drafts/edit": "staff, signed in",
    "POST /desk/catalogue/drafts/edit": "who drafts at the house, signed in",
    "POST /desk/catalogue/drafts/remove": "who drafts, and names nothing, signed in",
    "POST /desk/catalogue/drafts/drop": "nobody here, since it is somebody else's, signed in",
    "POST /desk/catalogue/drafts/import": "staff, signed in",
    "POST /desk/catalogue/drafts/agree": "nobody here, since it is somebody else's, signed in",
    "POST /desk/catalogue/drafts/refuse": "nobody here, since it is somebody else's, signed in",
    "GET /desk/cases/{reference}/items": "those of the case, signed in",
    "GET /desk/cases/{reference}/items/edit": "those of the case, signed in",
    "POST /desk/cases/{reference}/items/edit": "who drafts for the case, signed in",
    "POST /desk/cases/{reference}/items/remove": "who drafts for the case, and names nothing, signed in",
    "POST /desk/cases/{reference}/items/drop": "nobody here, since it is somebody else's, signed in",
    "POST /desk/cases/{reference}/items/import": "those of the case, to change it, signed in",
    "GET /desk/grants": "staff, signed in",
    "POST /desk/grants/{grant_id}/revoke": "nobody here, since it is somebody else's, signed in",
    "POST /desk/grants/{grant_id}/misuse": "nobody here, since it is somebody else's, signed in",
    # programs
    "GET /api/v1/catalogue": "everybody",
    "GET /api/v1/catalogue/{code}": "everybody",
    "GET /api/v1/cases/{reference}/items": "those of the case",
    "POST /api/v1/cases/{reference}/items": "who drafts for the case",
    "GET /api/v1/grants": "staff",
    "POST /api/v1/grants/{grant_id}/revoke": "nobody here, since it is somebody else's",
    "GET /api/v1/processes": "everybody",
    "GET /api/v1/processes/{key}": "everybody",
    "GET /api/v1/processes/{key}/forms/{form}": "everybody",
    "POST /api/v1/processes": "administrators",
    "POST /api/v1/cases": "everybody, and staff at a window",
    "GET /api/v1/cases": "staff",
    "GET /api/v1/cases/{reference}": "those of the case",
    "GET /api/v1/cases/{reference}/chain": "those of the case",
    "POST /api/v1/cases/{reference}/messages/{name}": "nobody here, since it is the applicant's",
    "POST /api/v1/cases/{reference}/deadlines/{deadline}/suspend": "nobody here, since it is its heads’",
    "POST /api/v1/cases/{reference}/deadlines/{deadline}/resume": "nobody here, since it is its heads’",
    "POST /api/v1/cases/{reference}/deadlines/{deadline}/extend": "nobody here, since it is its heads’",
    "POST /api/v1/cases/{reference}/deadlines/{deadline}/restart": "nobody here, since it is its heads’",
    "GET /api/v1/status": "parties",
    "POST /api/v1/status/messages/{name}": "parties",
    "GET /api/v1/status/notices/{notice_id}/pdf": "the party",
    "GET /api/v1/status/notices/{notice_id}/translation": "the party",
    "POST /api/v1/status/notices/{notice_id}/translation": "the party",
    "GET /api/v1/status/documents/{document_id}": "the party",
    "GET /api/v1/tasks": "staff",
    "GET /api/v1/tasks/counts": "staff",
    "GET /api/v1/tasks/{task_id}": "those of the case",
    "POST /api/v1/tasks/{task_id}/claim": "who does the task",
    "POST /api/v1/tasks/{task_id}/release": "who does the task",
    "POST /api/v1/tasks/{task_id}/draft": "who does the task",
    "POST /api/v1/tasks/{task_id}/complete": "who does the task",
    "GET /api/v1/reminders": "staff",
    "POST /api/v1/reminders/{reminder_id}/read": "who is reminded",
    "POST /api/v1/cases/{reference}/urge": "who answers for the case",
    "GET /api/v1/tasks/{task_id}/hands": "those of the case",
    "POST /api/v1/tasks/{task_id}/delegate": "who does the task",
    "POST /api/v1/tasks/{task_id}/return": "who does the task",
    "POST /api/v1/tasks/{task_id}/recall": "who does the task",
    "POST /api/v1/tasks/{task_id}/reassign": "nobody here, since it is for heads",
    "POST /api/v1/tasks/reassign": "staff",
    "GET /api/v1/absences": "staff",
    "GET /api/v1/colleagues": "staff",
    "POST /api/v1/absences": "nobody here, since the colleague is unknown",
    "POST /api/v1/absences/{absence_id}/end": "who oversees, and may not",
    "POST /api/v1/cases/{reference}/recuse": "those of the case, to change it",
    "POST /api/v1/cases/{reference}/clear-name": "nobody here, since it is for heads, of the case",
    "POST /api/v1/recusals/{recusal_id}/lift": "nobody here, since it is for heads, of the case",
    "GET /api/v1/kin": "staff",
    "POST /api/v1/kin": "those who handle cases",
    "POST /api/v1/kin/{kin_id}/withdraw": "nobody here, since it is somebody else's",
    "GET /api/v1/notices/{notice_id}/pdf": "its party alone, for it bears the code",
    "GET /api/v1/notices/{notice_id}/draft": "the house whose paper it is",
    "GET /api/v1/notices/{notice_id}/approvals": "the house whose paper it is",
    "GET /api/v1/notices/{notice_id}/manuscript": "the house whose paper it is",
    "GET /api/v1/notices/{notice_id}/deliveries": "those of the case",
    "POST /api/v1/notices/{notice_id}/deliveries": "who sees to the service of the paper",
    "POST /api/v1/notices/{notice_id}/deliveries/{delivery_id}/record": "who sees to the service of the paper",
    "GET /api/v1/notices/{notice_id}/translation": "its party alone, for it bears the code",
    "POST /api/v1/notices/{notice_id}/translation": "those of the case, to change it",
    "POST /api/v1/notices/{notice_id}/withdraw": "nobody here, since it is its heads’",
    "GET /api/v1/public/papers/{token}": "everybody",
    "GET /api/v1/documents/{document_id}": "those of the case",
    "GET /api/v1/overdue": "who answers for others",
    "GET /api/v1/board": "who answers for others",
    "GET /api/v1/leads": "who answers for others",
    "POST /api/v1/cases/{reference}/leads": "supervisors of the case",
    "GET /api/v1/instructions": "staff",
    "GET /api/v1/cases/{reference}/instructions": "those of the case",
    "POST /api/v1/cases/{reference}/instructions": "supervisors who see the case",
    "POST /api/v1/instructions/{instruction_id}/fulfil": "the bound house",
    "GET /api/v1/organisations": "everybody",
    "GET /api/v1/me": "staff",
    "GET /api/v1/due": "everybody",
    "GET /api/v1/incidents": "administrators",
    "POST /api/v1/incidents/{incident_id}/retry": "administrators",
    "GET /api/v1/incidents/{incident_id}": "administrators",
    "POST /api/v1/incidents/{incident_id}/correct": "administrators",
    "POST /api/v1/incidents/{incident_id}/move": "administrators",
    "POST /api/v1/incidents/{incident_id}/cancel": "administrators",
    "POST /api/v1/incidents/{incident_id}/resolve": "administrators",
    "GET /api/v1/webhooks": "administrators",
    "POST /api/v1/webhooks": "administrators",
    "GET /api/v1/webhooks/{webhook_id}": "administrators",
    "GET /api/v1/webhooks/{webhook_id}/messages": "administrators",
    "POST /api/v1/webhooks/{webhook_id}/test": "administrators",
    "POST /api/v1/webhooks/{webhook_id}/pause": "administrators",
    "POST /api/v1/webhooks/{webhook_id}/resume": "administrators",
    "POST /api/v1/webhooks/{webhook_id}/rotate": "administrators",
    "POST /api/v1/webhooks/{webhook_id}/replay": "administrators",
    "POST /api/v1/webhooks/{webhook_id}/remove": "administrators",
    "POST /api/v1/webhooks/{webhook_id}/messages/{message_id}/replay": "administrators",
    "GET /api/v1/calendar": "administrators",
    "POST /api/v1/calendar/notices": "administrators",
    "GET /api/v1/calendar/notices/{holiday_id}": "administrators",
    "POST /api/v1/calendar/notices/{holiday_id}/approve": "administrators",
    "POST /api/v1/calendar/notices/{holiday_id}/discard": "administrators",
    "GET /api/v1/calendar/held": "staff",
    "POST /api/v1/calendar/held/{correction_id}/approve": "who may decide on a printed date",
    "POST /api/v1/calendar/held/{correction_id}/refuse": "who may decide on a printed date",
    # pages
    "GET /": "everybody",
    "GET /sign-in": "everybody",
    "POST /sign-in": "everybody",
    "POST /sign-out": "staff, signed in",
    "GET /apply/{process}": "everybody",
    "POST /apply/{process}": "everybody",
    "GET /track": "everybody",
    "POST /track": "everybody",
    "POST /track/leave": "parties, with a code",
    "GET /track/case": "parties, with a code",
    "GET /track/notices/{notice_id}/pdf": "the party, with a code",
    "GET /track/notices/{notice_id}/translation": "the party, with a code",
    "POST /track/notices/{notice_id}/translation": "the party, with a code",
    "GET /track/documents/{document_id}": "the party, with a code",
    "GET /track/case/{message}": "parties, with a code",
    "POST /track/case/{message}": "parties, with a code",
    "GET /verify": "everybody",
    "GET /reports": "everybody",
    "GET /reports/{ident}": "everybody",
    "GET /api/v1/published-reports": "everybody",
    "GET /api/v1/reports/{report}": "who answers for others",
    "GET /api/v1/figures/{figure}/cases": "who answers for others",
    "GET /board/reports": "who answers for others, signed in",
    "GET /board/reports/file": "who answers for others, signed in",
    "GET /board/reports/cases": "who answers for others, signed in",
    "POST /board/reports/publish": "nobody here, since it is for leaders of bureaus, signed in",
    "GET /api/v1/cases/{reference}/merging": "those of the case",
    "POST /api/v1/cases/{reference}/merging": "nobody here, since it is somebody else's",
    "POST /api/v1/mergers/{merger_id}/{verdict}": "nobody here, since it is somebody else's",
    "GET /desk/cases/{reference}/merging": "those of the case, signed in",
    "POST /desk/cases/{reference}/merging": "nobody here, since it is somebody else's, signed in",
    "POST /desk/cases/{reference}/merging/{merger_id}/{verdict}": "nobody here, since it is somebody else's, signed in",
    "POST /verify": "everybody",
    "GET /verify/{token}": "everybody",
    "POST /verify/{token}": "everybody",
    "GET /desk": "staff, signed in",
    "GET /desk/new": "staff, signed in",
    "GET /desk/new/{process}": "staff at a window, signed in",
    "POST /desk/new/{process}": "staff at a window, to change something, signed in",
    "POST /desk/claim": "staff, signed in",
    "POST /desk/reminders/read": "staff who may change something, signed in",
    "GET /desk/search": "staff, signed in",
    "GET /desk/cases/{reference}": "those of the case, signed in",
    "GET /desk/cases/{reference}/chain": "those of the case, signed in",
    "POST /desk/cases/{reference}/unmask": "those of the case, with a reason, signed in",
    "POST /desk/cases/{reference}/deadlines/{deadline}/{act}": "nobody here, since it is its heads’, signed in",
    "POST /desk/cases/{reference}/withdraw": "nobody here, since it is for heads, signed in",
    "GET /desk/plan": "staff, signed in",
    "GET /desk/plan/{year}": "staff, signed in",
    "POST /desk/plan/{year}/export": "staff, signed in",
    "GET /desk/register": "nobody here, since they keep no register, signed in",
    "POST /desk/register/void": "nobody here, since they keep no register, signed in",
    "POST /desk/register/export": "nobody here, since they keep no register, signed in",
    "GET /desk/notices/{notice_id}/pdf": "its party alone, for it bears the code, signed in",
    "GET /desk/notices/{notice_id}/pages/{page}.png": "its party alone, for it bears the code, signed in",
    "GET /desk/notices/{notice_id}/draft": "the house whose paper it is, signed in",
    "GET /desk/notices/{notice_id}/manuscript": "the house whose paper it is, signed in",
    "GET /desk/notices/{notice_id}/translation": "its party alone, for it bears the code, signed in",
    "POST /desk/notices/{notice_id}/translation": "those of the case, to change it, signed in",
    "GET /desk/documents/{document_id}": "those of the case, signed in",
    "GET /desk/notices/{notice_id}/service": "who sees to the service of the paper, signed in",
    "POST /desk/notices/{notice_id}/service": "who sees to the service of the paper, signed in",
    "POST /desk/notices/{notice_id}/service/{delivery_id}": "who sees to the service of the paper, signed in",
    "POST /desk/notices/{notice_id}/service/{delivery_id}/receipt": "who sees to the service of the paper, signed in",
    "GET /desk/post": "staff, signed in",
    "POST /desk/post/sent": "staff who may change something, signed in",
    "POST /desk/post/labels": "staff who may change something, signed in",
    "POST /desk/post/list": "staff who may change something, signed in",
    "GET /desk/tasks/{task_id}": "those of the case, signed in",
    "POST /desk/tasks/{task_id}/claim": "who does the task, signed in",
    "POST /desk/tasks/{task_id}/release": "who does the task, signed in",
    "POST /desk/tasks/{task_id}/draft": "who does the task, signed in",
    "POST /desk/tasks/{task_id}/complete": "who does the task, signed in",
    "POST /desk/tasks/{task_id}/delegate": "who does the task, signed in",
    "POST /desk/tasks/{task_id}/return": "who does the task, signed in",
    "POST /desk/tasks/{task_id}/recall": "who does the task, signed in",
    "POST /desk/tasks/{task_id}/reassign": "nobody here, since it is for heads, signed in",
    "POST /desk/tasks/{task_id}/recuse": "those of the case, to change it, signed in",
    "POST /desk/tasks/{task_id}/exclude": "nobody here, since it is for heads, of the case, signed in",
    "POST /desk/tasks/{task_id}/clear-name": "nobody here, since it is for heads, of the case, signed in",
    "POST /desk/tasks/{task_id}/lift/{recusal_id}": "nobody here, since it is for heads, of the case, signed in",
    "POST /desk/reassign": "staff, signed in",
    "GET /desk/absences": "staff, signed in",
    "POST /desk/absences": "those who work and change something, signed in",
    "POST /desk/absences/{absence_id}/end": "who oversees, and may not, signed in",
    "GET /desk/kin": "staff, signed in",
    "POST /desk/kin": "those who handle cases, signed in",
    "POST /desk/kin/{kin_id}/withdraw": "nobody here, since it is somebody else's, signed in",
    "POST /desk/tasks/{task_id}/unmask": "those of the case, with a reason, signed in",
    "GET /board": "who answers for others, signed in",
    "POST /board/urge": "who answers for others, signed in",
    "POST /board/export": "who answers for others, signed in",
    "GET /board/what-if": "who answers for others, signed in",
    "GET /desk/cases/{reference}/messages/{message}": "nobody here, since it is the applicant's, signed in",
    "POST /desk/cases/{reference}/messages/{message}": "nobody here, since it is the applicant's, signed in",
    "GET /board/leads": "who answers for others, signed in",
    "POST /desk/cases/{reference}/urge": "who answers for the case, signed in",
    "POST /desk/cases/{reference}/leads": "supervisors of the case, signed in",
    "GET /desk/instructions": "staff, signed in",
    "POST /desk/cases/{reference}/instructions": "supervisors who see the case, signed in",
    "POST /desk/cases/{reference}/instructions/{instruction_id}/fulfil": "the bound house, signed in",
    "GET /desk/dates": "staff, signed in",
    "POST /desk/dates/{correction_id}/approve": "who may decide on a printed date, signed in",
    "POST /desk/dates/{correction_id}/refuse": "who may decide on a printed date, signed in",
    "GET /admin": "administrators, signed in",
    "GET /admin/notices": "administrators, signed in",
    "GET /admin/notices/{process}/{notice}/{lang}.pdf": "administrators, signed in",
    "GET /admin/notices/{process}/{notice}/{lang}/{page}.png": "administrators, signed in",
    "POST /admin/incidents/{incident_id}/retry": "administrators, signed in",
    "GET /admin/webhooks": "administrators, signed in",
    "POST /admin/webhooks": "administrators, signed in",
    "GET /admin/webhooks/{subscription_id}": "administrators, signed in",
    "POST /admin/webhooks/{subscription_id}/test": "administrators, signed in",
    "POST /admin/webhooks/{subscription_id}/pause": "administrators, signed in",
    "POST /admin/webhooks/{subscription_id}/resume": "administrators, signed in",
    "POST /admin/webhooks/{subscription_id}/rotate": "administrators, signed in",
    "POST /admin/webhooks/{subscription_id}/replay": "administrators, signed in",
    "POST /admin/webhooks/{subscription_id}/remove": "administrators, signed in",
    "GET /admin/calendar": "administrators, signed in",
    "POST /admin/calendar": "administrators, signed in",
    "GET /admin/calendar/{holiday_id}": "administrators, signed in",
    "POST /admin/calendar/{holiday_id}/approve": "administrators, signed in",
    "POST /admin/calendar/{holiday_id}/discard": "administrators, signed in",
    "GET /admin/incidents/{incident_id}": "administrators, signed in",
    "POST /admin/incidents/{incident_id}/correct": "administrators, signed in",
    "POST /admin/incidents/{incident_id}/move": "administrators, signed in",
    "POST /admin/incidents/{incident_id}/cancel": "administrators, signed in",
    "POST /admin/incidents/{incident_id}/resolve": "administrators, signed in",
}
INSTRUCTION = {"leader": "李副市长", "text": "请抓紧答复。", "due_on": "2099-05-20", "bound": AGENCY}
BODIES: dict[str, dict[str, Any]] = {
    "POST /api/v1/cases/{reference}/items": {"json": {"item": {}}},
    "POST /api/v1/grants/{grant_id}/revoke": {"json": {"reason": "收回"}},
    "POST /api/v1/cases/{reference}/leads": {"json": {"ground": "6", "findings": "逾期未答复。", "respondent": AGENCY}},
    "POST /api/v1/cases/{reference}/instructions": {"json": INSTRUCTION},
    "POST /api/v1/instructions/{instruction_id}/fulfil": {"json": {"report": "已经落实。"}},
    "POST /api/v1/calendar/notices": {"json": {"text": ""}},
    "POST /api/v1/webhooks": {"json": {"name": "x", "address": "x", "kinds": []}},
    **{
        f"POST /api/v1/calendar/{what}": {"json": {"reason": ""}}
        for what in (
            "notices/{holiday_id}/approve",
            "notices/{holiday_id}/discard",
            "held/{correction_id}/approve",
            "held/{correction_id}/refuse",
        )
    },
    "POST /api/v1/cases": {"json": {"process": "open_data_request", "form": REQUEST}},
    **{
        f"POST /api/v1/cases/{{reference}}/deadlines/{{deadline}}/{act}": {"json": {"reason": "x", **more}}
        for act, more in (("suspend", {}), ("resume", {}), ("extend", {"days": 1}), ("restart", {}))
    },
    "POST /api/v1/notices/{notice_id}/withdraw": {"json": {"reason": "有误"}},
    "POST /api/v1/cases/{reference}/urge": {"json": {"text": "请抓紧办理。"}},
    "POST /api/v1/notices/{notice_id}/deliveries": {
        "json": {"channel": "post", "reason": "平台无人查阅", "address": "贵阳"}
    },
    "POST /api/v1/notices/{notice_id}/deliveries/{delivery_id}/record": {
        "json": {"happened": "cancelled", "reason": "x"}
    },
    "POST /api/v1/tasks/{task_id}/delegate": {"json": {"person": "x", "reason": "协办"}},
    "POST /api/v1/tasks/{task_id}/return": {"json": {"remark": ""}},
    "POST /api/v1/tasks/{task_id}/recall": {"json": {"reason": "收回"}},
    "POST /api/v1/tasks/{task_id}/reassign": {"json": {"person": None, "reason": "调整"}},
    "POST /api/v1/tasks/reassign": {"json": {"tasks": ["x"], "person": None, "reason": "调整"}},
    "POST /api/v1/absences": {
        "json": {"substitute": "x", "since": "2026-01-01", "until": "9999-01-01", "reason": "leave"}
    },
    "POST /api/v1/absences/{absence_id}/end": {},
    "POST /api/v1/cases/{reference}/recuse": {"json": {"reason": ""}},
    "POST /api/v1/cases/{reference}/merging": {"json": {"follower": "x", "reason": "同一事项"}},
    "POST /api/v1/mergers/{merger_id}/{verdict}": {"json": {"reason": "同一事项"}},
    "POST /api/v1/cases/{reference}/clear-name": {"json": {"person": "x", "reason": "核实"}},
    "POST /api/v1/recusals/{recusal_id}/lift": {"json": {"reason": "核实"}},
    "POST /api/v1/kin": {"json": {"name": "某", "relation": "other"}},
    "POST /api/v1/kin/{kin_id}/withdraw": {},
    "POST /api/v1/processes": {"content": b"", "headers": {"Content-Type": "application/zip"}},
}
FIELDS: dict[str, dict[str, str]] = {
    "POST /desk/cases/{reference}/merging": {"follower": "x", "reason": "同一事项"},
    "POST /desk/cases/{reference}/merging/{merger_id}/{verdict}": {"reason": "同一事项"},
    "POST /desk/grants/{grant_id}/revoke": {"reason": "收回"},
    "POST /desk/grants/{grant_id}/misuse": {"reason": "超范围"},
    "POST /desk/tasks/{task_id}/reassign": {"person": "queue", "reason": "调整"},
    "POST /desk/tasks/{task_id}/exclude": {"person": "x", "reason": "回避"},
    "POST /desk/tasks/{task_id}/clear-name": {"person": "x", "reason": "核实"},
    "POST /desk/tasks/{task_id}/lift/{recusal_id}": {"reason": "核实"},
    "POST /desk/absences": {"substitute": "x", "since": "2026-01-01", "until": "2026-01-02", "reason": "leave"},
    "POST /desk/cases/{reference}/urge": {"text": "请抓紧办理。"},
    "POST /desk/cases/{reference}/leads": {"ground": "6", "findings": "逾期未答复。", "respondent": AGENCY},
    "POST /desk/cases/{reference}/instructions": INSTRUCTION | {"words": INSTRUCTION["text"]},
    "POST /sign-in": {"login": "leader", "password": PASSWORD},
    "POST /desk/tasks/{task_id}/complete": {"intake_action": "proceed"},
}
PERIOD = "since=2026-01-01&until=2026-12-31"
QUERIES = {
    "GET /api/v1/due": "?date=2026-04-21&days=10",
    "GET /api/v1/reports/{report}": f"?{PERIOD}",
    "GET /api/v1/figures/{figure}/cases": f"?{PERIOD}",
    "GET /board/reports/cases": "?figure=open_filed",
}
# These change what is found after them, or who one is: they come last, in this order.
LAST = (
    "/remove",
    "/messages/{name}",
    "/case/{message}",
    "/complete",
    "/track/leave",
    "/sign-out",
    "POST /sign-in",
    "POST /track",
)


@dataclass
class World:
    """An installation with two cases, and a client for everybody."""

    household: Household
    ids: dict[str, str]
    filed: dict[str, dict[str, Any]]
    browsers: dict[str, TestClient] = field(default_factory=dict)

    def client(self, who: str, page: bool) -> TestClient:
        if page:
            if who not in self.browsers:
                self.browsers[who] = self._browser(who)
            return self.browsers[who]
        if who in STAFF:
            return self.household.program_of(who)
        return self.household.follower(self.filed[who]) if who in self.filed else self.household.anyone

    def _browser(self, who: str) -> TestClient:
        if who in STAFF:
            return self.household.browser_of(who)
        browser = self.household.browser()
        if who in self.filed:
            code = {"reference": self.filed[who]["reference"], "code": self.filed[who]["query_code"]}
            assert browser.post("/track", data=code).status_code == 303
        return browser

    def csrf(self, browser: TestClient) -> str:
        cookies = [browser.cookies[name] for name in auth.COOKIES.values() if name in browser.cookies]
        with self.household.database.reading(SYSTEM) as reading:
            return next((reading.session.get_one(WebSession, auth._hashed(c)).csrf for c in cookies), "")


@pytest.fixture
def world(small_household: Household) -> World:
    """One case with an attachment, a receipt, a draft and an open task; and another one, of somebody else."""
    mine = small_household.anyone.post(
        "/api/v1/cases",
        data={"request": json.dumps({"process": "open_data_request", "form": REQUEST})},
        files={"attachments": ("a.pdf", PDF)},
    ).json()
    small_household.work()
    other = small_household.file(agency="gy-wjj")
    case = {"reference": mine["reference"]}
    with small_household.database.reading(SYSTEM) as reading:
        attachment = select(Document.id, Document.case_id).where(col(Document.kind) == "attachment")
        case["document_id"], case_id = reading.session.exec(attachment).one()
        of_case = {
            "task_id": select(Task.id).where(col(Task.case_id) == case_id),
            "notice_id": select(Notice.id).where(col(Notice.case_id) == case_id),
            "token": select(Notice.verify_token).where(col(Notice.case_id) == case_id),
        }
        case |= {name: reading.session.exec(query).one() for name, query in of_case.items()}
        case["delivery_id"] = reading.session.exec(select(Delivery.id).where(col(Delivery.case_id) == case_id)).one()
    with small_household.database.unit_of_work() as uow:
        receipt = uow.session.get_one(Notice, case["notice_id"])
        receipt.translation_id = receipt.document_id  # any file will do here
        uow.add(receipt)
        definitions.deploy(uow, definitions.read_folder(ROOT / "bpmn" / "supervision_lead"))
        uow.actor = directory.actor_of(uow, directory.person(uow, "leader").id)
        today = clock.day_of(uow.now)
        given = instructions.record(uow, case_id, leader="李副市长", text="请抓紧答复。", due_on=today, bound=AGENCY)
        case["instruction_id"] = given.id
    with small_household.database.unit_of_work() as uow:
        incidents.open_incident(uow, "test", "Something needs an operator.")
        hooked, _ = webhooks.subscribe(uow, "另一个系统", "https://example.org/", webhooks.KINDS)
        case["subscription_id"] = webhooks.subscribe(uow, "第三个系统", "https://example.org/", webhooks.KINDS)[0].id
        case |= {"webhook_id": hooked.id, "message_id": webhook_events.send_test(uow, hooked)}
        case["incident_id"] = uow.session.exec(select(Incident.id)).one()
        handler = uow.session.exec(select(Person.id).where(col(Person.login) == "handler")).one()
        reminders.remind(uow, [handler], "urged", case_id)
        urged = select(Reminder.id).where(col(Reminder.person_id) == handler, col(Reminder.kind) == "urged")
        case["reminder_id"] = uow.session.exec(urged).one()
        case |= of_others(uow, case["reference"])
        case["ident"] = of_the_public(uow)
    case["holiday_id"], case["correction_id"] = _calendar_changes(small_household, case_id)
    ids = {"key": "open_data_request", "process": "open_data_request", "form": "request", "name": "withdraw"}
    ids |= {"report": "evaluation", "figure": "open_filed", "verdict": "approve", "merger_id": "unknown"}
    ids |= {"code": _item(small_household), "grant_id": "x"}
    ids |= {"deadline": "reply", "act": "suspend", "notice": "reply", "lang": "zh", "page": "1", "year": "2026"}
    return World(
        small_household,
        ids | case | {"message": "withdraw"},
        {"party": mine, "other_party": other},
    )


def of_the_public(uow: UnitOfWork) -> str:
    """A report that was published."""
    day, leader = clock.day_of(uow.now), directory.person(uow, "leader")
    content = {"title": "统计", "title_en": "Figures", "article": "28", "figures": [], "lines": []}
    bureau = directory.organisation(uow, BUREAU).id
    told = {"content": content | {"total": {"values": {}}}, "published_at": uow.now, "published_by": leader.id}
    made = PublishedReport(report="evaluation", since=day, until=day, organisation_id=bureau, **told)
    uow.add(made)
    return made.id


def _item(household: Household) -> str:
    """An item of the agency that everybody sees."""
    said = {"name": "路况", "sharing": "unconditional", "opening": "planned", "drafted_by": "system"}
    with household.database.unit_of_work() as uow:
        owner = uow.session.exec(select(Organisation).where(col(Organisation.code) == AGENCY)).one()
        item = CatalogueItem(code=f"{AGENCY}-0001", organisation_id=owner.id)
        uow.add(item)
        uow.add(CatalogueRevision(item_id=item.id, number=1, state="current", shown=True, drafted_at=uow.now, **said))
        return item.code


def of_others(uow: UnitOfWork, reference: str) -> dict[str, str]:
    """A recusal, an absence and kin of the leader, who asks for nothing here."""
    leader = directory.person(uow, "leader")
    uow.actor = directory.actor_of(uow, leader.id)
    ids = {"recusal_id": recusals.recuse(uow, reference, "利害关系").id, "kin_id": kin.declare(uow, "某某", "other").id}
    head, day = directory.person(uow, "head").id, clock.day_of(uow.now)
    return ids | {"absence_id": absences.enter(uow, head, day + timedelta(30), day + timedelta(31), "leave").id}


def _calendar_changes(household: Household, case_id: str) -> tuple[str, str]:
    """A proposed holiday notice, and a printed date of the case that waits for a decision."""
    with household.database.unit_of_work() as uow:
        text = 'year = 2031\nsource = "x"\n[[holiday]]\nname = "元旦"\nfrom = 2031-01-01\nto = 2031-01-03\n'
        proposed = holiday_notices.propose(uow, text, "2031.toml").id
        printed = uow.session.exec(
            select(PrintedDate)
            .join(Deadline, col(Deadline.id) == col(PrintedDate.deadline_id))
            .where(col(Deadline.case_id) == case_id)
        ).one()
        waits = PrintedCorrection(
            case_id=case_id,
            deadline_id=printed.deadline_id,
            notice_id=printed.notice_id,
            due_on_before=printed.due_on,
            due_on_after=printed.due_on - timedelta(days=1),
            source="x",
            state="waiting",
            raised_at=uow.now,
        )
        uow.add(waits)
        return proposed, waits.id


def rows() -> Iterator[tuple[str, str]]:
    """The rows of the table, those that change what others find at the end."""

    def place(row: tuple[str, str]) -> tuple[int, bool]:
        last = next((n for n, ending in enumerate(LAST, 1) if row[0].endswith(ending)), 0)
        return last, row[0].startswith("POST")

    yield from sorted(TABLE.items(), key=place)


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    declared = {f"{route.method} {route.path}" for route in application.declared_routes()}
    assert declared == set(TABLE)


def test_every_meaning_speaks_of_everybody() -> None:
    for meaning, outcomes in MEANINGS.items():
        assert len(expected(meaning)) == len(EVERYONE), outcomes


@pytest.mark.parametrize("who", EVERYONE)
def test_everybody_gets_what_the_table_says(world: World, who: str) -> None:
    wrong = []
    for route, meaning in rows():
        wanted, answer = expected(meaning)[who], ask(world, route, who)
        found = outcome(answer, route)
        if found != wanted and not (wanted == "no" and found in ("403", "404")):
            wrong.append(f"{route}: {found} ({answer.status_code}) instead of {wanted}")
    assert not wrong, "\n".join(wrong)


def test_a_route_that_declares_nobody_keeps_the_application_from_starting() -> None:
    router = APIRouter()
    router.add_api_route("/forgotten", lambda: None, methods=["GET"])
    with pytest.raises(application.RouteWithoutAccess, match="/forgotten"):
        list(application._declared("", router))


def test_the_declared_address_is_the_one_that_answers(small_household: Household) -> None:
    described = small_household.anyone.get("/api/v1/openapi.json").json()["paths"]
    for route in application.declared_routes():
        if route.path.startswith("/api/"):
            assert route.method.lower() in described[route.path], route.path


def test_a_cookie_is_worth_nothing_to_the_interface(small_household: Household) -> None:
    browser = small_household.browser_of("handler")
    assert browser.get("/desk").status_code == 200
    for address in ("/api/v1/me", "/api/v1/tasks", "/api/v1/cases"):
        assert browser.get(address).status_code == 401
    assert browser.post("/api/v1/tasks/x/claim").status_code == 401


def test_a_token_is_worth_nothing_to_the_pages(small_household: Household) -> None:
    program = small_household.program_of("handler")
    assert program.get("/desk", follow_redirects=False).status_code == 303


def ask(world: World, route: str, who: str) -> Response:
    """Use a route as somebody would, with the ids of the first case."""
    method, pattern = route.split(" ")
    page = not pattern.startswith("/api/")
    path = re.sub(r"{(\w+)}", lambda found: world.ids[found[1]], pattern) + QUERIES.get(route, "")
    client = world.client(who, page)
    body: dict[str, Any] = {}
    if method == "POST":
        fields = {"csrf": world.csrf(client)} | FIELDS.get(route, {}) if page else {}
        if route == "POST /track":
            fields |= {"reference": world.filed["party"]["reference"], "code": world.filed["party"]["query_code"]}
        body = BODIES.get(route, {"data": fields} if page else {"json": {"form": {}}})
    return client.request(method, path, **body)


def outcome(answer: Response, route: str) -> str:
    """What became of a request, in the words of the table."""
    assert answer.status_code < 500 or answer.headers.get("retry-after"), (route, answer.text)
    leads_to = answer.headers.get("location", "")
    if answer.status_code == 303 and (leads_to.startswith("/sign-in") or leads_to == "/track"):
        left = route in ("POST /track/leave", "POST /sign-out") and "set-cookie" in answer.headers
        return "in" if left else "door"
    return str(answer.status_code) if answer.status_code in (401, 403, 404) else "in"


def expected(meaning: str) -> dict[str, str]:
    """The outcome for everybody that a meaning stands for."""
    order = "anonymous party other_party handler bureau supervisor stranger foreign_supervisor administrator auditor"
    return dict(zip(order.split(), MEANINGS[meaning].replace("|", " ").split(), strict=True))
