"""Whole journeys: by programs on a furnished installation, and in real browsers."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from engine import definitions
from engine.access import SYSTEM
from tests.browser.conftest import Open, axe, browser, furnished_office, pages
from tests.browser.crew import Crew, hire
from tests.browser.office import BUNDLES, Office, opened

__all__ = ["axe", "browser", "furnished_office"]

BUNDLES_WALKED = ("share_application", "review", "complaint", "supervision_lead", "rectification")
PEOPLE = {  # login → (name, organisation, role); all of them invented
    "li.wen": ("李文", "gy-jyj", "case_handler"),
    "tang.hua": ("唐华", "gy-jyj", "unit_head"),
    "chen.bo": ("陈波", "gy-mzj", "case_handler"),
    "luo.xue": ("罗雪", "gy-mzj", "confidentiality_reviewer"),
    "gao.yuan": ("高原", "gy-mzj", "unit_head"),
    "ma.jun": ("马军", "gy-mzj", "leader"),
    "deng.ke": ("邓科", "gy-sjj", "confidentiality_reviewer"),
    "xie.fang": ("谢芳", "gy-sjj", "unit_head"),
    "bao.lin": ("包林", "gy-sjj", "leader"),
    "shi.yu": ("石宇", "gy-zf", "case_handler"),
    "long.fei": ("龙飞", "gy-zf", "leader"),
}


@pytest.fixture(scope="module")
def office(furnished_office: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office with several houses; journeys follow one another on it, each on later days."""
    folder = tmp_path_factory.mktemp("journeys")
    shutil.copytree(furnished_office, folder, dirs_exist_ok=True)
    with opened(folder) as made:
        with made.database.unit_of_work(SYSTEM) as uow:
            for name in BUNDLES_WALKED:
                definitions.deploy(uow, definitions.read_folder(BUNDLES / name))
        hire(made, PEOPLE)
        yield made


@pytest.fixture
def new_page(browser: Browser, office: Office) -> Iterator[Open]:
    yield from pages(browser, office)


@pytest.fixture
def crew(office: Office, new_page: Open, axe: str) -> Crew:
    return Crew(office, new_page, axe)
