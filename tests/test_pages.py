"""The pages: links between them, and the form of their examples. The examples themselves run as doctests."""

import re
from pathlib import Path

import pytest

import brainstate_torch

ROOT = Path(brainstate_torch.__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / ".github").rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_a_page_lead_to_files(page):
    text = FENCE.sub("", page.read_text())
    targets = [target for target in LINK.findall(text) if "://" not in target and not target.startswith("reference/")]
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_sessions_of_a_page_are_fenced_and_end_with_an_empty_line(page):
    text = page.read_text()
    sessions = [body for language, body in FENCE.findall(text) if language == "pycon"]
    # Without the empty line doctest takes the closing fence for output.
    assert [body for body in sessions if not body.endswith("\n\n")] == []
    assert ">>> " not in FENCE.sub("", text)
    assert [language for language, body in FENCE.findall(text) if ">>> " in body and language != "pycon"] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_a_page_names_are_there(page):
    places = [
        ROOT,
        ROOT / "brainstate_torch",
        ROOT / "brainstate_torch" / "random",
        ROOT / "brainstate_torch" / "units",
    ]
    places += [ROOT / "brainstate_torch" / "transform" / "_derivative", ROOT / "brainstate_torch" / "_program"]
    named = re.findall(r"`((?:[\w.]+/)*\w+\.py)`", page.read_text())
    assert [name for name in named if not any((place / name).exists() for place in places)] == []


def test_the_table_of_return_forms_is_the_same_in_page_and_docstring():
    rows = [line.strip("| \n").split(" | ") for line in (ROOT / "docs" / "gradients.md").read_text().splitlines()]
    forms = [row for row in rows if len(row) == 3 and row[0] in ("none", "given")]
    documented = " ".join((brainstate_torch.transform.grad.__doc__ or "").split())
    assert len(forms) == 5
    assert all(" ".join(row) in documented for row in forms)


def test_version_of_citation_and_changelog_is_that_of_the_package():
    version = brainstate_torch.__version__
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"\n## [{version}]" in (ROOT / "CHANGELOG.md").read_text()
