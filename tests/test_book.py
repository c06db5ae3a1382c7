"""The rendered book stands alone: nothing is loaded from elsewhere, and no internal link is dead."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml

import kellylib

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "_build" / "html"
PAGES = sorted(p for p in HTML.rglob("*.html") if "_static" not in p.parts and p != HTML / "index.html")
CHAPTERS = sorted(p.stem for p in (ROOT / "notebooks").glob("*.py"))
# tag -> attributes that make a browser fetch something without a click
LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src"}
LOADS |= {"embed": "src", "object": "data", "input": "src", "use": "href", "image": "href"}
# a link element of any other kind (search, next, author) only points
FETCHED = {"stylesheet", "icon", "shortcut", "preload", "prefetch", "modulepreload", "preconnect", "manifest"}
pytestmark = pytest.mark.skipif(not PAGES, reason="no book built: make book")
EVERY_PAGE = pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(HTML)))


class Page(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.loads, self.links, self.ids, self.images, self.styles = [], [], set(), [], ""
        self.in_style = False
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.ids |= {attrs[k] for k in ("id", "name") if attrs.get(k)}
        self.styles += attrs.get("style") or ""
        self.in_style = tag == "style"
        if tag == "img":
            self.images.append(attrs)
        if tag == "link" and FETCHED & set(attrs.get("rel", "").split()):
            self.loads.append(attrs["href"])
        if attrs.get(LOADS.get(tag)):
            self.loads.append(attrs[LOADS[tag]])
        self.loads += [part.split()[0] for part in (attrs.get("srcset") or "").split(",") if part.strip()]
        if tag == "a" and attrs.get("href"):
            self.links.append(attrs["href"])

    def handle_data(self, data):
        self.styles += data if self.in_style else ""


PARSED = {p: Page(p) for p in PAGES}


def external(urls):
    return [u for u in urls if urlsplit(u).netloc]


@EVERY_PAGE
def test_page_loads_nothing_from_elsewhere(path):
    page = PARSED[path]
    assert page.loads, "a page without any script or style is not of this book"
    assert not external(page.loads + re.findall(r"url\(['\"]?([^'\")]+)", page.styles))
    assert "@import" not in page.styles


def test_style_sheets_load_nothing_from_elsewhere():
    sheets = list((HTML / "_static").rglob("*.css"))
    assert sheets
    for sheet in sheets:
        text = sheet.read_text(encoding="utf-8")
        assert not external(re.findall(r"url\(['\"]?([^'\")]+)", text)), sheet
        assert not re.search(r"@import[^;]*//", text), sheet


@EVERY_PAGE
def test_internal_links_resolve(path):
    dead = []
    for link in PARSED[path].links + PARSED[path].loads:
        url = urlsplit(link)
        if url.scheme or url.netloc:
            continue
        target = (path.parent / unquote(url.path)).resolve() if url.path else path
        anchor = unquote(url.fragment)
        if not target.exists() or (anchor and target in PARSED and anchor not in PARSED[target].ids):
            dead.append(link)
    assert not dead


@EVERY_PAGE
def test_images_have_alt_text(path):
    assert not [a["src"] for a in PARSED[path].images if not (a.get("alt") or "").strip()]


@EVERY_PAGE
def test_page_weighs_little(path):
    """A page with its own figures, without what all pages share."""
    own = {u for u in PARSED[path].loads if "_images/" in u}
    size = path.stat().st_size + sum((path.parent / u).resolve().stat().st_size for u in own)
    assert size <= 1_500_000


def test_index_leads_to_the_first_page():
    assert 'url=book/intro.html"' in (HTML / "index.html").read_text()


def test_every_page_of_the_contents_was_rendered_and_no_other():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    listed = {toc["root"]} | {c["file"] for part in toc["parts"] for c in part["chapters"]}
    made = {str(p.relative_to(HTML).with_suffix("")) for p in PAGES}
    extra = {"genindex", "py-modindex", "search", "prf-prf"}
    assert listed <= made
    assert {m for m in made - listed if not m.startswith("_modules/")} <= extra
    prose = {f"book/{p.stem}" for p in (ROOT / "book").glob("*.md")}
    assert prose <= listed, "a page that nobody finds"


@pytest.mark.parametrize("name", kellylib.__all__)
def test_library_and_chapters_link_to_each_other(name):
    api = HTML / "book" / "api.html"
    assert f"kellylib.{name}" in PARSED[api].ids, "not in the library reference"
    home = re.search(r"\(notebooks/(\w+)\)", getattr(kellylib, name).__doc__)[1]
    if home not in CHAPTERS:
        pytest.skip(f"its home chapter {home} is not written yet")
    entry = api.read_text(encoding="utf-8").split(f'id="kellylib.{name}"')[1]
    entry = re.split(rf'id="kellylib\.({"|".join(kellylib.__all__)})"', entry)[0]
    assert f'href="../notebooks/{home}.html"' in entry
    assert f"../book/api.html#kellylib.{name}" in PARSED[HTML / "notebooks" / f"{home}.html"].links


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_chapter_offers_its_source_and_its_notebook(chapter):
    page = HTML / "notebooks" / f"{chapter}.html"
    files = [(page.parent / u).resolve() for u in PARSED[page].links if "_downloads/" in u]
    assert {f.name for f in files} >= {f"{chapter}.py", f"{chapter}.ipynb"}
    source = next(f for f in files if f.name == f"{chapter}.py")
    assert source.read_bytes() == (ROOT / "notebooks" / f"{chapter}.py").read_bytes()


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_chapter_is_numbered_and_proved(chapter):
    """What a reader cites: numbered equations and figures, each exercise with a hidden solution."""
    text = (HTML / "notebooks" / f"{chapter}.html").read_text(encoding="utf-8")
    source = (ROOT / "notebooks" / f"{chapter}.py").read_text(encoding="utf-8")
    labelled = len(re.findall(r"^# (?:\$\$ \(eq-|:label: eq-)", source, re.M))
    assert text.count('class="eqno"') == labelled and 'class="caption-number"' in text
    assert text.count('class="exercise admonition"') >= 4
    solutions = re.findall(r'class="solution ([^"]*)"', text)
    assert len(solutions) >= 4 and all("dropdown" in classes for classes in solutions)
