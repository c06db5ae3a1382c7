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
    """An entry stands under the chapter that explains it, and the chapter ends with a link to the entry."""
    api = HTML / "book" / "api.html"
    assert f"kellylib.{name}" in PARSED[api].ids, "not in the library reference"
    before = api.read_text(encoding="utf-8").split(f'id="kellylib.{name}"')[0]
    home = re.findall(r'href="\.\./notebooks/(\w+)\.html"', before.rsplit("<h2", 1)[1])[0]
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


# ---- pages that speak of other pages


def sources():
    """Text of every chapter and page: a chapter's cells in order, its prose without the leading `# `."""
    pages = {p.stem: p.read_text(encoding="utf-8") for p in (ROOT / "book").glob("*.md")}
    return pages | {c: (ROOT / "notebooks" / f"{c}.py").read_text(encoding="utf-8") for c in CHAPTERS}


def asserted(label, texts):
    """Whether the section, or the solution of the exercise, holds an assertion."""
    if label.startswith("ex-"):
        start, end = rf"solution-start\}} {label}\n", r"solution-end"
    else:
        start, end = rf"\({label}\)=\n", r"\(sec-[\w-]+\)=\n"
    for text in texts.values():
        parts = re.split(start, text)
        if len(parts) == 2:
            return bool(re.search(r"^\s*assert |assert_allclose\(", re.split(end, parts[1])[0], re.M))
    return False


def rows_of(page):
    """The rows of all list tables of a page, each a list of its cells."""
    text = (ROOT / "book" / page).read_text(encoding="utf-8")
    rows = re.findall(r"^\* - (.*(?:\n  .*)*)", text, re.M)
    return [[cell.strip() for cell in re.split(r"\n  -", row)] for row in rows]


def test_every_equation_is_listed_with_its_check():
    texts = sources()
    labels = re.findall(r"^(?:# )?(?:\$\$ \(|:label: )(eq-[\w-]+)", "\n".join(texts.values()), re.M)
    listed = {}
    for row in rows_of("errata.md"):
        if match := re.fullmatch(r"\{eq\}`(eq-[\w-]+)`", row[0]):
            assert match[1] not in listed, match[1]
            listed[match[1]] = row[2]
    assert len(labels) > 50 and sorted(labels) == sorted(listed)
    for equation, where in listed.items():
        places = re.findall(r"\{ref\}`(?:[^`<]+<)?([\w-]+)>?`", where)
        files = re.findall(r"`(test_\w+\.py)`", where)
        assert places or files, equation
        assert all((ROOT / "tests" / name).exists() for name in files), equation
        assert not [place for place in places if not asserted(place, texts)], f"{equation}: {where}"


def test_every_symbol_is_linked_to_its_definition():
    rows = [row for row in rows_of("notation.md") if row[0] != "Symbol"]
    assert len(rows) > 40
    assert not [row[0] for row in rows if len(row) != 4 or not re.search(r"\{(eq|ref)\}`", row[3])]


@pytest.mark.parametrize("page", ["README.md", "book/howto.md", "book/papermill.md"])
def test_commands_of_papermill_name_chapters_and_parameters(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    runs = re.findall(r"notebooks/(\w+)\.py [\w$.]+\.ipynb((?: -p \S+ [^\s;]+)+)", text)
    runs += re.findall(r'NAME=(\w+) ARGS="( ?-p [^"]+)"', text)
    assert len(runs) >= (5 if "papermill" in page else 1)
    for chapter, options in runs:
        source = (ROOT / "notebooks" / f"{chapter}.py").read_text(encoding="utf-8")
        cell = source.split('tags=["parameters"]')[1].split("\n# %%")[0]
        names = re.findall(r"-p (\S+)", options)
        assert set(names) <= set(re.findall(r"^(\w+) =", cell, re.M)), (chapter, names)


def test_binder_and_colab_appear_once_the_address_is_set():
    text = (ROOT / "_config.yml").read_text(encoding="utf-8")
    lines = re.search(r"(?:^# .*\n)+", text, re.M)[0].splitlines()[1:]
    block = yaml.safe_load("\n".join(line[2:] for line in lines))
    assert set(block["launch_buttons"]) == {"binderhub_url", "colab_url"} and block["repository"]["url"]
    if "repository" not in yaml.safe_load(text):
        wanted = ("mybinder.org", "colab.research.google.com")
        assert not [p for p in PAGES if any(name in link for link in PARSED[p].links for name in wanted)]
