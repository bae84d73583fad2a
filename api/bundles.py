"""A process that arrives as a ZIP file: unpacked in memory, within limits, and nothing but what a bundle holds."""

import io
import zipfile
import zlib
from pathlib import PurePosixPath

from engine import fragments
from engine.definitions import MANIFEST, MAX_BYTES, MAX_FILES, SUFFIXES, BundleMissing, BundleTooLarge
from engine.errors import Invalid

ENTRY = b"PK\x01\x02"  # how each entry of the directory begins
_BROKEN = (zipfile.BadZipFile, zlib.error)


class ZipUnreadable(Invalid):
    """This is not a ZIP file that can be read."""

    zh = "不是可以读取的 ZIP 文件。"


class PathFaulty(Invalid):
    """The ZIP file holds a path that leads outside: {path}"""

    zh = "ZIP 文件中含有越界路径：{path}"


class PathTwice(Invalid):
    """The ZIP file holds two files with the same path: {path}"""

    zh = "ZIP 文件中有两个路径相同的文件：{path}"


def unpack(content: bytes) -> dict[str, bytes]:
    """The files of a zipped bundle by relative path; its folder may be zipped along. Raises ZipUnreadable, BundleTooLarge …"""
    if content.count(ENTRY) > MAX_FILES * 2:  # before the library makes an object of each
        raise BundleTooLarge(files=MAX_FILES, megabytes=MAX_BYTES // 1024 // 1024)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > MAX_FILES * 2 or sum(entry.file_size for entry in entries) > MAX_BYTES:
                raise BundleTooLarge(files=MAX_FILES, megabytes=MAX_BYTES // 1024 // 1024)
            files: dict[str, bytes] = {}
            for entry in entries:
                path = _path(entry.filename)
                if path in files:
                    raise PathTwice(path=path[:100])
                files[path] = _content(archive, entry)
    except (*_BROKEN, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, UnicodeError):
        raise ZipUnreadable() from None
    return _of_bundle(files)


def _path(name: str) -> str:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or "\0" in name:
        raise PathFaulty(path=name[:100])
    return str(path)


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The bytes of an entry; one that unpacks to more than it says is refused, and so is an unusual compression.

    LZMA and bzip2 ask for memory by what the archive says, not by what it holds.
    """
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile
    with archive.open(entry) as file:
        content = file.read(entry.file_size + 1)
    if len(content) > entry.file_size:
        raise zipfile.BadZipFile
    return content


def _of_bundle(files: dict[str, bytes]) -> dict[str, bytes]:
    """Only what belongs to the bundle, by its path within the bundle's folder, with the fragments that lie beside it."""
    roots = sorted((PurePosixPath(path).parent for path in files if PurePosixPath(path).name == MANIFEST), key=_depth)
    if not roots:
        raise BundleMissing(path="ZIP")
    folders = {root: _below(files, root, [r for r in roots if r != root]) for root in roots}
    shared = {root.name: content for root, content in folders.items() if fragments.is_fragment(content)}
    root = next((root for root in roots if not fragments.is_fragment(folders[root])), roots[0])
    return fragments.merged(folders[root], shared)


def _depth(folder: PurePosixPath) -> int:
    return len(folder.parts)


def _below(files: dict[str, bytes], root: PurePosixPath, others: list[PurePosixPath]) -> dict[str, bytes]:
    """What lies in a folder, by its path there, without other bundles inside it."""
    found: dict[str, bytes] = {}
    for name, content in files.items():
        path = PurePosixPath(name)
        if not path.is_relative_to(root) or path.suffix not in SUFFIXES:
            continue
        inside = any(other.is_relative_to(root) and path.is_relative_to(other) for other in others)
        inner = path.relative_to(root)
        if not inside and inner.parts[0] != "scenarios":
            found[str(inner)] = content
    return found
