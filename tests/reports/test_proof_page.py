"""The page of a proof, looked at in a real browser: nothing cut, hidden or fetched."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import browser
from selenium.webdriver import Chrome
from shared_data import ROOT

import protofix
from protofix.proving import prove_documents
from protofix.reports.proof.html import html_report

pytestmark = pytest.mark.lengthy

FUSE = ROOT / "fixtures" / "fuse"
HOSTILE = '</script><img src=x onerror="document.title=1">'


def _fused(name: str) -> tuple[str, str]:
    return tuple((FUSE / name / f"{it}.prototxt").read_text() for it in ("before", "after"))  # type: ignore[return-value]


def _different() -> tuple[str, str]:
    old, new = _fused("plain")
    return old, new.replace("loss_weight: 2", "loss_weight: 3")


def _hostile() -> tuple[str, str]:
    old, new = _fused("plain")
    quoted = HOSTILE.replace('"', '\\"')
    return old.replace('"loss"', f'"{quoted}"'), new.replace('"loss"', f'"{quoted}"')


def _long() -> tuple[str, str]:
    """Names longer than any line, and layers between scores and loss."""
    old, new = _fused("through_reshape")
    long = "a_blob_with_a_name_that_goes_on_for_longer_than_a_phone_is_wide/and_on"
    return old.replace('"fc"', f'"{long}"'), new.replace('"fc"', f'"{long}"')


NETS = {
    "equal": _fused("plain"),
    "three losses": _fused("three_losses"),
    "different": _different(),
    "hostile": _hostile(),
    "long": _long(),
}
VERDICTS = {
    "equal": "The numbers are equal but where a probability underflows.",
    "three losses": "The numbers are equal but where a probability underflows.",
    "different": "The numbers are different.",
    "hostile": "The numbers are equal but where a probability underflows.",
    "long": "The numbers are equal but where a probability underflows.",
}
WIDTHS = (400, 800, 1400)


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with browser(tmp_path_factory.mktemp("profile")) as chrome:
        yield chrome


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages of all nets, in a folder with the H that some of them name."""
    folder = tmp_path_factory.mktemp("pages")
    shutil.copy(ROOT / "fixtures" / "H.binaryproto", folder)
    found = {}
    for name, (old, new) in NETS.items():
        before = protofix.parse(old, str(folder / "old.prototxt"))
        after = protofix.parse(new, str(folder / "new.prototxt"))
        found[name] = folder / f"{name}.html"
        page = html_report(prove_documents(before, after), before, after)
        found[name].write_text(page, encoding="utf-8")
    return found


def _open(chrome: Chrome, page: Path, width: int = 1000, scheme: str = "light") -> None:
    chrome.set_window_size(width, 900)
    # A headless window is no narrower than 500 pixels; what the page takes for the screen is.
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    chrome.get(page.as_uri())


def _asked(chrome: Chrome, script: str) -> Any:
    return chrome.execute_script(f"return (() => {{ {script} }})()")


@pytest.mark.parametrize("name", NETS)
def test_nothing_is_fetched_and_nothing_goes_wrong(
    name: str, chrome: Chrome, pages: dict[str, Path]
) -> None:
    chrome.get_log("performance")  # type: ignore[no-untyped-call]
    _open(chrome, pages[name])
    assert [e for e in chrome.get_log("browser") if e["level"] != "INFO"] == []  # type: ignore[no-untyped-call]
    sent = [json.loads(it["message"])["message"] for it in chrome.get_log("performance")]  # type: ignore[no-untyped-call]
    urls = [
        it["params"]["request"]["url"] for it in sent if it["method"] == "Network.requestWillBeSent"
    ]
    assert [url for url in urls if not url.startswith("data:")] == [pages[name].as_uri()]
    assert _asked(chrome, "return document.scripts.length") == 0


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", NETS)
def test_everything_is_in_view(
    name: str, width: int, chrome: Chrome, pages: dict[str, Path]
) -> None:
    _open(chrome, pages[name], width)
    assert _asked(chrome, "return document.documentElement.scrollWidth") <= width
    shown = _asked(
        chrome,
        """const box = document.querySelector('.verdict').getBoundingClientRect();
        return [box.top >= 0, box.bottom <= innerHeight];""",
    )
    assert shown == [True, True]
    assert VERDICTS[name] in _asked(chrome, "return document.querySelector('.verdict').innerText")
    # Pictures and tables have a size, and nothing of them is beyond the page.
    beyond = _asked(
        chrome,
        """return [...document.querySelectorAll('svg, table, .diff')].filter(it => {
            const box = it.getBoundingClientRect();
            return !(box.width > 50 && box.height > 20 && box.left >= 0 &&
                     box.right <= innerWidth + 0.5);
        }).map(it => it.outerHTML.slice(0, 80))""",
    )
    assert beyond == []
    assert _asked(chrome, "return document.querySelectorAll('svg').length") >= 3


@pytest.mark.parametrize("name", NETS)
def test_no_text_leaves_its_box(name: str, chrome: Chrome, pages: dict[str, Path]) -> None:
    _open(chrome, pages[name])
    left = _asked(
        chrome,
        """return [...document.querySelectorAll('.chain g')].flatMap(group => {
            const rect = group.querySelector('rect');
            if (!rect) return [];
            const box = rect.getBoundingClientRect();
            return [...group.querySelectorAll('text')].filter(text => {
                const own = text.getBoundingClientRect();
                return own.left < box.left || own.right > box.right ||
                       own.top < box.top || own.bottom > box.bottom;
            }).map(text => text.textContent);
        })""",
    )
    assert left == []
    assert _asked(chrome, "return document.querySelectorAll('.chain g rect').length") >= 4


def test_text_of_a_net_stays_text(chrome: Chrome, pages: dict[str, Path]) -> None:
    _open(chrome, pages["hostile"])
    assert _asked(chrome, "return document.images.length") == 0
    assert HOSTILE in _asked(chrome, "return document.querySelector('h2 code').innerText")
    assert HOSTILE.split('"')[0] in _asked(
        chrome, "return document.querySelector('.diff').innerText"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_either_light(
    scheme: str, chrome: Chrome, pages: dict[str, Path]
) -> None:
    _open(chrome, pages["different"], scheme=scheme)
    colours = _asked(
        chrome,
        """const ground = it => {
            for (; it; it = it.parentElement) {
                const own = getComputedStyle(it).backgroundColor;
                if (own !== 'rgba(0, 0, 0, 0)') return own;
            }
            return 'rgb(255, 255, 255)';
        };
        const words = [...document.querySelectorAll('body *:not(svg *)')].filter(
            it => [...it.childNodes].some(n => n.nodeType === 3 && n.data.trim()));
        const drawn = [...document.querySelectorAll('svg text')];
        return [...words.map(it => [getComputedStyle(it).color, ground(it)]),
                ...drawn.map(it => [getComputedStyle(it).fill, ground(it)])];""",
    )
    assert len(colours) > 100
    assert {(ink, ground) for ink, ground in colours if _contrast(ink, ground) < 4.5} == set()
    bright = _luminance(_asked(chrome, "return getComputedStyle(document.body).backgroundColor"))
    assert (bright < 0.1) == (scheme == "dark")


def _contrast(one: str, other: str) -> float:
    """Contrast of two colours (WCAG 2, relative luminance), from 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(number) / 255 for number in re.findall(r"\d+", colour)[:3]]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
