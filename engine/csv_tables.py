"""A table as an office saves it, read into rows: whatever its encoding and whatever stands between its cells.

Spreadsheets of the region save GBK, UTF-8 or UTF-16 ("Unicode text"), between commas, tabs or semicolons, and leave rows empty.
What is no text at all, such as a workbook, is refused with what to do instead.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from engine.errors import Invalid

LARGEST, MOST_FAULTS = 2 * 1024 * 1024, 100
_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_WORKBOOK = (
    "这是电子表格或者压缩文件，不是CSV：请用电子表格软件打开，另存为“CSV UTF-8”后再导入",
    "this is a workbook or an archive and no CSV: open it with a spreadsheet and save it as “CSV UTF-8”",
)
_NO_TABLES = {
    b"PK\x03\x04": _WORKBOOK,  # xlsx, ods, zip, whatever it is called
    b"\xd0\xcf\x11\xe0": _WORKBOOK,  # xls, et
    b"%PDF": ("这是PDF，不是CSV：请导入原来的表格", "this is a PDF and no CSV: bring in the table itself"),
}
_SEPARATORS = ",\t;"
_SEPARATOR_SAID = re.compile(r"sep=([,;\t])[,;\t]*\n", re.IGNORECASE)  # a first line that Excel writes and reads


@dataclass(frozen=True)
class Fault:
    """What is wrong with a line, in both languages."""

    line: int
    zh: str
    en: str

    def sentence(self, locale: str) -> str:
        said = self.zh if locale.startswith("zh") else self.en
        return f"第{self.line}行：{said}" if locale.startswith("zh") else f"Line {self.line}: {said}"


class FileFaulty(Invalid):
    """The file cannot be taken in: {count} faults, and nothing was changed. {first}"""

    zh = "文件不能导入：共 {count} 处错误，没有作任何改动。{first_zh}"
    quotes = True

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        first = self.faults[0]
        super().__init__(count=len(self.faults), first=first.sentence("en"), first_zh=first.sentence("zh"))


def rows(content: bytes) -> list[tuple[int, list[str]]]:
    """The rows that are not empty, each with its number in the table; raises FileFaulty."""
    text = _text(content)
    said = _SEPARATOR_SAID.match(text)
    skipped = 1 if said else 0
    separator = said[1] if said else _separator(text)
    lines = csv.reader(io.StringIO(text[said.end() :] if said else text, newline=""), delimiter=separator, strict=True)
    try:
        table = list(enumerate(lines, start=1 + skipped))
    except csv.Error as error:
        words = "不是有效的CSV，请检查引号、换行和内容长度", f"is not CSV: {error}"
        raise FileFaulty([Fault(lines.line_num + skipped, *words)]) from None
    return [(number, row) for number, row in table if any(cell.strip() for cell in row)]


def folded(text: str) -> str:
    """A word without what typing makes of it: width, case, blanks."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _text(content: bytes) -> str:
    if len(content) > LARGEST:
        raise FileFaulty(
            [Fault(1, "文件超过2MB，请分成几个文件", "the file is larger than 2 MB: bring it in by parts")]
        )
    for begins, words in _NO_TABLES.items():
        if content.startswith(begins):
            raise FileFaulty([Fault(1, *words)])
    marked = next((encoding for mark, encoding in _MARKS.items() if content.startswith(mark)), None)
    for encoding in [marked] if marked else ["utf-8", "gb18030"]:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text.partition("\n")[0]:  # UTF-16 without its mark reads as anything
            return text.replace("\r\n", "\n")
    words = "文件的编码无法识别，请另存为“CSV UTF-8”格式", "its encoding is not known: save it as “CSV UTF-8”"
    raise FileFaulty([Fault(1, *words)])


def _separator(text: str) -> str:
    """What stands between the cells of the first line that says anything."""
    first = next((line for line in text.splitlines() if line.strip(_SEPARATORS + ' "')), "")
    return max(_SEPARATORS, key=first.count)
