"""Notices for the tests, and what can be read back from their pages."""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image

from engine import definitions
from notices.fonts import FANG, folder, typefaces
from notices.gongwen import CELL, LEFT, MM, PITCH, TOP
from notices.render import Paper
from notices.sample import bundle_of

RARE_NAMES = "䶮㬎𬭚镕堃喆祎頔"


def of_folders(bundles: Path) -> list[Path]:
    """Every paper of the processes in a folder, as ``process/notices/name``; what a fragment brings counts for its users."""
    folders = definitions.bundle_folders(bundles)
    return [folder / "notices" / name for folder in folders for name in bundle_of(folder).notices()]


def paper(template: str = "<p>请查收。</p>", **changes: Any) -> Paper:
    """An issued letter with one paragraph, unless told otherwise."""
    usual: dict[str, Any] = {
        "template": template,
        "form": "letter",
        "facts": {},
        "title": "开放需求申请答复书",
        "organisation": "贵阳市交通委员会",
        "number": "筑交数复〔2026〕18号",
        "issued_on": date(2026, 11, 18),
        "addressee": "王䶮先生",
        "seal": True,
        "qr": "https://data.example.cn/verify/7F3K",
        "lang": "zh-CN",
        "created": datetime(2026, 11, 18, 1, tzinfo=UTC),
    }
    return Paper(**(usual | changes))


LAW = "《贵阳市政府数据共享开放条例》（2021年修正）"
CITY = "贵阳市人民政府"
BUREAU = "贵阳市大数据发展管理局"


def order(measures: int = 3, **changes: Any) -> Paper:
    """A rectification order of the city's government; with many measures it has many pages."""
    template = (
        "<p>经查，你局存在不按照规定更新目录的行为。现依据{{ law }}（以下简称《条例》）第三十条，责令你局限期改正，有关事项"
        "通知如下：</p>"
        "<h2>一、事实、证据和认定</h2>"
        "<p>2026年9月8日，因法律修改，你局“房屋租赁备案”等12项目录应当调整。依照《条例》第十三条第二款，应当自情形发生之日起15"
        "日内，"
        "即2026年9月23日前更新。截至2026年11月16日，上述12项目录仍未更新。</p>"
        "<h2>二、改正措施和期限</h2>"
        "{% for n in range(measures) %}<h3>（{{ (n % 99 + 1)|numeral_zh }}）更新目录</h3>"
        "<p>请你局于2026年12月7日前更新第{{ n + 1 }}批目录，逐项载明共享属性、共享条件、开放属性和更新频率，并对本机关"
        "全部目录自查一遍，形成“自查清单”（含责任科室、责任人员），同时说明更新不及时的原因。</p>{% endfor %}"
        "<h2>三、报告义务和法律后果</h2><p>逾期不改正的，依照《条例》第三十条的规定，由有权机关依法给予处分。</p>"
        "<contact>联系人：市人民政府办公厅　陈镕，0851-12345678</contact>"
        '<cc office="贵阳市人民政府办公厅">市大数据发展管理局，市司法局</cc>'
    )
    usual: dict[str, Any] = {
        "template": template,
        "form": "file",
        "facts": {"law": LAW, "measures": measures},
        "title": "贵阳市人民政府|责令限期改正通知书",
        "organisation": CITY,
        "number": "筑府责改〔2026〕3号",
        "issued_on": date(2026, 11, 20),
        "addressee": "市住房和城乡建设局",
        "qr": None,
    }
    return paper(**(usual | changes))


def circular(**changes: Any) -> Paper:
    """A circular to many addressees with two attachments, of which the second is a table of several pages."""
    template = (
        "<p>为推动{{ law }}（以下简称《条例》）落实，市人民政府对2026年第三季度目录更新情况进行了核查。现将有关情况"
        "通报如下：</p>"
        "<h2>一、总体情况</h2><p>第三季度，全市因法律法规修改、行政管理职能变化应当更新的目录共386项，按期更新347项，占89.9%，比第二季度提高"
        "4.2个百分点。</p><h2>二、存在的问题</h2><h3>（一）更新不及时</h3>"
        "<p>市住房和城乡建设局等3个单位的39项目录未在规定期限内更新，属于《条例》第三十条第三项规定的情形。</p>"
        "<h3>（二）变动情形报告不主动</h3><p>有的以“系统正在改造”为由推迟更新，有的只更新名称。</p>"
        "<h2>三、工作要求</h2><p>各级各部门要引以为戒，对照《条例》规定逐项自查，做到职能变动与目录更新同步。</p>"
        '<cc office="贵阳市人民政府办公厅">市委办公厅，市人大常委会办公厅，市政协办公厅，市中级人民法院，'
        "市人民检察院，贵阳警备区，"
        "各民主党派贵阳市委</cc>"
        '<annex title="2026年第三季度未按照规定期限更新共享目录和开放目录的单位和项目一览"><p>统计截至2026年9月30日。</p></annex>'
        '<annex title="逐项更新情况"><table><tr><th>序号</th><th>单位</th><th>目录</th><th>改正期限</th></tr>'
        "{% for n in range(45) %}<tr><td>{{ n + 1 }}</td><td>市住房和城乡建设局</td><td>房屋租赁备案（第{{ n + 1 }}批）</td>"
        "<td>2026年12月7日</td></tr>{% endfor %}</table></annex>"
    )
    usual: dict[str, Any] = {
        "title": "贵阳市人民政府关于2026年第三季度政府数据目录更新情况的通报",
        "number": "筑府通〔2026〕12号",
        "addressee": "各区、市、县人民政府，各开发区管委会，市人民政府各工作部门，市各直属事业单位，市管企业",
    }
    return order(**(usual | {"template": template} | changes))


def request(**changes: Any) -> Paper:
    """A 请示 upward of three organs: 份号, 密级, 紧急程度, three 签发人."""
    template = "<p>{{ text }}</p><p>妥否，请批示。</p><contact>联系人：李祎，0851-12345678</contact>"
    usual: dict[str, Any] = {
        "template": template,
        "form": "file",
        "facts": {"text": "现将代拟的责令限期改正通知书稿随文报送。" * 6},
        "title": "贵阳市大数据发展管理局关于责令市住房和城乡建设局限期更新政府数据目录的请示",
        "organisation": BUREAU,
        "number": "筑数呈〔2026〕7号",
        "addressee": CITY,
        "qr": None,
        "copy_number": "000001",
        "secrecy": "秘密★1年",
        "urgency": "特急",
        "signers": ("张喆", "欧阳堃", "李祎"),
    }
    return paper(**(usual | changes))


def joint(organs: int = 3, **changes: Any) -> Paper:
    """A paper that several organs issue together."""
    names = (BUREAU, "贵阳市司法局", "贵阳市财政局", "贵阳市住房和城乡建设局", "贵阳市交通委员会")[:organs]
    usual: dict[str, Any] = {
        "template": "<p>{{ text }}</p><cc>市委办公厅，市人大常委会办公厅</cc>",
        "form": "file",
        "facts": {"text": "为落实政府数据共享开放的要求，现就有关事项通知如下。" * 6},
        "title": "关于做好2026年度政府数据目录更新工作的通知",
        "organisation": names[0],
        "co_issuers": names[1:],
        "number": "筑数发〔2026〕21号",
        "addressee": "各区、市、县人民政府，市人民政府各工作部门",
        "qr": None,
    }
    return paper(**(usual | changes))


@dataclass(frozen=True)
class Character:
    """A character on a page: its origin and size in points, measured from the upper left corner of the sheet."""

    text: str
    x: float
    y: float
    size: float


def characters(pdf: bytes) -> list[list[Character]]:
    """What stands on each page, character by character."""
    with pdfium.PdfDocument(pdf) as document:
        return [list(_characters(page)) for page in document]


def _characters(page: pdfium.PdfPage) -> Iterator[Character]:
    height = page.get_height()
    text = page.get_textpage()
    half = ""
    for index in range(pdfium_c.FPDFText_CountChars(text)):
        code = pdfium_c.FPDFText_GetUnicode(text, index)
        if pdfium_c.FPDFText_IsGenerated(text, index) or not code:
            continue
        if 0xD800 <= code < 0xDC00:
            half = chr(code)
            continue
        x, y, matrix = ctypes.c_double(), ctypes.c_double(), pdfium_c.FS_MATRIX()
        pdfium_c.FPDFText_GetCharOrigin(text, index, x, y)
        pdfium_c.FPDFText_GetMatrix(text, index, matrix)
        size = pdfium_c.FPDFText_GetFontSize(text, index) * abs(matrix.d)
        yield Character(_joined(half + chr(code)), x.value, height - y.value, size)
        half = ""


def _joined(units: str) -> str:
    """The character of two halves: PDFium counts as UTF-16 does."""
    return units.encode("utf-16", "surrogatepass").decode("utf-16")


def text(pdf: bytes) -> str:
    """All text of a notice without white space, in the order in which a reader would copy it."""
    return "".join(texts(pdf))


def texts(pdf: bytes) -> list[str]:
    """The same page by page."""
    with pdfium.PdfDocument(pdf) as document:
        copied = [page.get_textpage().get_text_range() for page in document]
    return ["".join(_joined(page).split()) for page in copied]


def image(pdf: bytes, page: int = 0, dpi: int = 144) -> Image.Image:
    """A page as a picture."""
    with pdfium.PdfDocument(pdf) as document:
        document.init_forms()  # the seal of a signed paper is drawn as a field
        return document[page].render(scale=dpi / 72).to_pil().convert("RGB")


def baseline(line: float) -> float:
    """Where the baseline of a line of the grid lies, from the upper edge of the sheet."""
    return TOP + line * PITCH + typefaces(folder())[FANG].ascent * CELL


def on_the_grid(pages: list[list[Character]]) -> list[Character]:
    """The characters that have to stand on the grid: those of the text's size, above the foot line."""
    foot = 263 * MM
    found = [c for page in pages for c in page if abs(c.size - CELL) < 0.05 and c.y < foot and c.text.strip()]
    assert found, "the page has no text of the text's size"
    return found


def off_grid(pages: list[list[Character]]) -> float:
    """How far the worst baseline of the text lies from the grid, in points."""
    lines = [(character.y - baseline(0)) / PITCH for character in on_the_grid(pages)]
    return max(abs(line - round(line)) * PITCH for line in lines)


def right_edge(pages: list[list[Character]]) -> float:
    """The rightmost origin of the text, in cells from the left margin."""
    return max((character.x - LEFT) / CELL for character in on_the_grid(pages))
