"""What browsers are sent: nothing is missing, nothing is from elsewhere, and what is vendored is what it says."""

from __future__ import annotations

import gzip
import hashlib
import json
import posixpath
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from featurelens.service.pages.files import FOLDER, MAIN, POLICY, STYLES, TYPES, Pages

PAGES = Pages()
EVERY = sorted(path for path in FOLDER.rglob("*") if path.is_file())
TEXTS = [path for path in EVERY if path.suffix != ".webp"]
MODULES = [name for name in PAGES.files if name.endswith((".js", ".mjs"))]
NAMESPACES = {
    "http://www.w3.org/2000/svg",
    "http://www.w3.org/1999/xhtml",
    "http://www.w3.org/1998/Math/MathML",
    "http://www.w3.org/1999/xlink",
}
VENDORED = json.loads((FOLDER / "vendor" / "VENDOR.json").read_text())["packages"]


def without_comments(code: str) -> str:
    """An address in a string stays: what follows its colon is no comment."""
    return re.sub(r"(?<![:\"'`])//.*$", "", re.sub(r"/\*.*?\*/", "", code, flags=re.DOTALL), flags=re.MULTILINE)


def imports(name: str, *, lazily: bool) -> set[str]:
    """The files that a module imports; `lazily`: also those that it asks for when they are needed."""
    code = without_comments(PAGES.files[name].body.decode())
    pattern = r"""(?:\bfrom|\bimport)\s*(\(?)\s*["'](\.[^"']*)["']"""
    targets = [target for opened, target in re.findall(pattern, code) if lazily or not opened]
    return {posixpath.normpath(posixpath.join(posixpath.dirname(name), target)) for target in targets}


class Tags(HTMLParser):
    """Every tag of a document with its attributes, and whether anything stands in scripts and styles."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.inline = ""
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.found and self.found[-1][0] in {"script", "style"} and self.cdata_elem:
            self.inline += data.strip()


@pytest.mark.parametrize("name", MODULES)
def test_every_import_is_there(name: str) -> None:
    assert {target for target in imports(name, lazily=True) if target not in PAGES.files} == set()


@pytest.mark.parametrize("name", MODULES)
def test_every_import_is_by_a_relative_address(name: str) -> None:
    """There is nobody who would find `preact`, and no address holds a digest."""
    code = without_comments(PAGES.files[name].body.decode())
    named = re.findall(r"""^\s*(?:import|export)\b[^;"'`]*?\bfrom\s*["']([^"']+)["']""", code, re.MULTILINE)
    named += re.findall(r"""\bimport\s*\(\s*["']([^"']+)["']""", code)
    assert [target for target in named if not target.startswith(("./", "../"))] == []


def test_what_is_loaded_first_is_known() -> None:
    """All that the main module needs before it runs, and nothing that it asks for later."""
    needed, waiting = set(), [MAIN]
    while waiting:
        one = waiting.pop()
        if one not in needed:
            needed.add(one)
            waiting += imports(one, lazily=False)
    found = PAGES.needed(MAIN)
    assert (found[0], set(found), len(found)) == (MAIN, needed, len(needed))


def test_nothing_is_from_elsewhere() -> None:
    """Comments in vendored code, licences and names of XML dialects are no requests."""
    foreign: list[tuple[str, str]] = []
    for path in TEXTS:
        name = path.relative_to(FOLDER).as_posix()
        text = path.read_text(encoding="utf-8")
        if path.suffix in {".js", ".mjs", ".css"} and name.startswith("vendor/"):
            text = without_comments(text)
        if not path.name.startswith("LICENSE-"):
            foreign += [(name, url) for url in re.findall(r"https?://[^\s\"'`)<>]+", text) if url not in NAMESPACES]
    assert foreign == []


def test_no_style_asks_for_another_file() -> None:
    for name in PAGES.files:
        if name.endswith(".css"):
            text = PAGES.files[name].body.decode()
            assert "@import" not in text, name
            assert [url for url in re.findall(r"url\(([^)]*)\)", text) if not url.strip("\"'").startswith("#")] == []


def test_every_file_can_be_served() -> None:
    """Beside the licences, the list of what is vendored, its types and the shell, which are for others."""
    apart = {"shell.html", "vendor/VENDOR.json"}
    names = {path.relative_to(FOLDER).as_posix() for path in EVERY}
    assert {name for name in names if Path(name).suffix in TYPES} == set(PAGES.files)
    rest = names - set(PAGES.files) - apart
    assert {name for name in rest if "/LICENSE-" not in name and not name.endswith(".d.mts")} == set()


def test_compressed_is_the_same() -> None:
    for name, file in PAGES.files.items():
        assert gzip.decompress(file.compressed) == file.body, name
        assert file.digest == hashlib.sha256(file.body).hexdigest()


def test_what_is_vendored_is_what_it_says() -> None:
    files = [file for package in VENDORED for file in package["files"]]
    for file in files:
        assert hashlib.sha256((FOLDER / "vendor" / file["file"]).read_bytes()).hexdigest() == file["sha256"], file
    named = {f"vendor/{file['file']}" for file in files}
    assert named == {name for name in PAGES.files if name.startswith("vendor/")}


def test_every_vendored_package_has_its_licence() -> None:
    for package in VENDORED:
        assert package["version"]
        assert package["licence"]
        name = package["name"].removeprefix("@").replace("/", "-")
        assert (FOLDER / "vendor" / f"LICENSE-{name}").stat().st_size > 500


def test_the_digest_is_of_all_files(tmp_path: Path) -> None:
    """A changed byte, a changed name and a new file are other pages; what is not served is not."""

    def digest(**files: str) -> str:
        folder = tmp_path / hashlib.sha256(repr(files).encode()).hexdigest()
        (folder / "js").mkdir(parents=True)
        (folder / "shell.html").write_text("")
        for name, content in files.items():
            (folder / "js" / name.replace("_", ".")).write_text(content)
        return Pages(folder).digest

    first = digest(a_js="1")
    assert digest(a_js="1", notes_txt="x") == first
    assert len({first, digest(a_js="2"), digest(b_js="1"), digest(a_js="1", b_js="1")}) == 4


@pytest.mark.parametrize("root", ["", "/below/it"])
def test_the_shell(root: str) -> None:
    """Every address in it exists and begins with what is in front of the service; nothing is inline."""
    tags = Tags(PAGES.shell(root))
    base = f"{root}/ui/static/{PAGES.digest}/"
    addresses = [value or "" for tag, attributes in tags.found for name, value in attributes.items() if name == "href"]
    scripts = [attributes for tag, attributes in tags.found if tag == "script"]
    assert [(one["type"], one["src"]) for one in scripts] == [("module", f"{base}{MAIN}")]
    files = [address.removeprefix(base) for address in addresses if address.startswith(base)]
    assert set(files) <= set(PAGES.files)
    assert set(STYLES) <= set(files)
    assert [address for address in addresses if not address.startswith(f"{root}/")] == []
    assert tags.inline == ""
    assert [tag for tag, _ in tags.found if tag == "style"] == []
    assert [name for _, attributes in tags.found for name in attributes if name == "style" or name[:2] == "on"] == []
    assert "{{" not in PAGES.shell(root)


def test_a_hostile_root_stays_text() -> None:
    assert "<b>" not in PAGES.shell('/"><b>')


def test_the_policy_allows_nothing_inline() -> None:
    rules = dict(rule.strip().split(" ", 1) for rule in POLICY.split(";"))
    assert rules["default-src"] == "'self'"
    assert not {"script-src", "style-src", "connect-src", "font-src"} & set(rules), "they are as the default"
    assert "unsafe" not in POLICY
    assert re.findall(r"https?:", POLICY) == []
