"""The reference viewer of the trade opens our diagrams and has nothing to say about them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from api.diagrams import draw, layout
from api.diagrams.svg import STYLESHEET
from tests.generated_processes import GeneratedProcess
from tests.machine import ROOT, missing

VIEWER = ROOT / "node_modules" / "bpmn-js" / "dist" / "bpmn-viewer.production.min.js"
BUNDLED = sorted((ROOT / "bpmn").glob("**/*.bpmn"))
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--disable-dev-shm-usage",
    "--lang=zh-CN",
]
OPEN = """async (xml) => {
  const viewer = new BpmnJS({ container: document.getElementById('canvas') });
  const { warnings } = await viewer.importXML(xml);
  const shapes = viewer.get('elementRegistry').getAll().map(e => e.id);
  viewer.destroy();
  return { warnings: warnings.map(w => w.message), shapes };
}"""


@pytest.fixture(scope="module")
def page(chromium: Path) -> Iterator[Page]:
    """A page with the viewer in it."""
    if not VIEWER.exists():
        missing("bpmn-js (scripts/setup_node.sh installs it)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page()
        page.set_content('<div id="canvas" style="width:1400px;height:900px"></div>')
        page.add_script_tag(path=VIEWER)
        yield page
        browser.close()


@pytest.mark.parametrize("path", BUNDLED, ids=[str(p.relative_to(ROOT / "bpmn")) for p in BUNDLED])
def test_every_diagram_that_we_ship_opens_without_a_warning(page: Page, path: Path) -> None:
    opened = page.evaluate(OPEN, path.read_text(encoding="utf-8"))
    assert opened["warnings"] == []
    assert len(opened["shapes"]) > 10


@pytest.mark.parametrize("seed", [4, 5, 7])
def test_a_diagram_that_we_lay_out_opens_without_a_warning(page: Page, seed: int) -> None:
    process = GeneratedProcess(seed, size=5)
    opened = page.evaluate(OPEN, layout(process.xml).decode())
    assert opened["warnings"] == []
    assert {node for node, _ in process.nodes} <= set(opened["shapes"])


def test_our_own_drawing_looks_right_under_a_strict_policy(page: Page) -> None:
    """Under a policy that forbids inline styles and scripts, a step is still framed, and no word leaves its task."""
    browser = page.context.browser
    assert browser is not None
    drawing = browser.new_page()
    complaints: list[str] = []
    drawing.on("console", lambda message: complaints.append(message.text))
    svg = draw(BUNDLED[0].read_bytes())
    html = (
        "<!doctype html><meta charset=utf-8><title>流程图</title>"
        "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src http://duban.test\">"
        f"<link rel=stylesheet href=http://duban.test/diagram.css>{svg}"
    )
    drawing.route("http://duban.test/", lambda route: route.fulfill(body=html, content_type="text/html"))
    css = STYLESHEET.read_text(encoding="utf-8")
    drawing.route("http://duban.test/diagram.css", lambda route: route.fulfill(body=css, content_type="text/css"))
    drawing.route("http://duban.test/favicon.ico", lambda route: route.fulfill(body="", content_type="image/x-icon"))
    drawing.goto("http://duban.test/")
    assert drawing.locator(".bp-shape").first.evaluate("e => getComputedStyle(e).stroke") == "rgb(67, 80, 93)"
    outside = drawing.evaluate(
        """() => [...document.querySelectorAll('.bp-step')].filter(step => {
          const box = step.querySelector('rect.bp-shape'), words = step.querySelector('text');
          if (!box || !words) return false;
          const a = box.getBBox(), b = words.getBBox();
          return b.x < a.x || b.x + b.width > a.x + a.width || b.y < a.y || b.y + b.height > a.y + a.height;
        }).map(step => step.dataset.id)"""
    )
    assert outside == []
    assert complaints == [], json.dumps(complaints)
    drawing.close()
