"""The pictures of the page in docs/pictures. Behind `scripts/screenshots`.

A stack with the bundled model, on a folder that is thrown away, translates the page's own sample in a real browser. The size of
the window, the language, the time zone and the state of the page are always the same; what the model writes, how long it took
and until when the job is kept are what they were in that run.
"""

import argparse
import base64
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from scripts.lab import browser as installed

ROOT = Path(__file__).resolve().parents[2]

#: Seconds that the stack has to stop.
_PATIENCE_S = 60

#: Quality of the WebP files, of 100: letters stay sharp, and each picture below 200 KB.
_QUALITY = 75

#: The most bytes of a picture.
_MOST_BYTES = 200_000

#: Pixels of a picture for each of the page: for screens that have two.
_SCALE = 2

_DESKTOP: dict[str, Any] = {"viewport": {"width": 1120, "height": 980}}
_PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
}
_ALWAYS: dict[str, Any] = {"locale": "en-GB", "timezone_id": "Europe/Paris", "reduced_motion": "reduce"}


def main(argv: Sequence[str] | None = None) -> int:
    """Writes the pictures and names them. Returns 1 without a browser, or where a picture came out too large."""
    parser = argparse.ArgumentParser(prog="scripts/screenshots", description="Makes the pictures of the page.")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "docs" / "pictures")
    folder: Path = parser.parse_args(argv).folder
    path = installed.find()
    if path is None:
        print("depeche: there is no chromium here", file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    with _stack() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--disable-gpu"], chromium_sandbox=False)
        sizes = [_write(folder / f"{name}.webp", picture) for name, picture in _pictures(browser, url)]
        browser.close()
    return 0 if max(sizes) <= _MOST_BYTES else 1


def _pictures(browser: Browser, url: str) -> Iterator[tuple[str, bytes]]:
    """Each picture by its name: a translation in the light, in the dark and on a phone, and the form beside recent jobs."""
    page = browser.new_context(**_ALWAYS, **_DESKTOP).new_page()
    for name in ("asthme", "papeterie"):
        title, _, text = (ROOT / "docs" / "samples" / f"{name}.fr.txt").read_text(encoding="utf-8").partition("\n")
        job = page.request.post(
            f"{url}/v1/jobs", data={"text": text, "title": title, "metadata": {"name": title}}
        ).json()
        page.request.get(
            f"{url}/v1/jobs/{job['id']}?wait=60", timeout=70_000
        )  # so that the sample has the model for itself
    page.goto(url)
    _take_sample(page)
    page.click("#submit")
    _read(page)
    yield "page-light", _picture(page)
    page.emulate_media(color_scheme="dark")
    yield "page-dark", _picture(page)
    page.emulate_media(color_scheme="light")
    phone = browser.new_context(**_ALWAYS, **_PHONE).new_page()
    phone.goto(page.url)
    _read(phone)
    phone.evaluate("document.getElementById('translation-part').scrollIntoView(); scrollBy(0, -16)")
    yield "page-phone", _picture(phone)
    page.goto(url)
    _take_sample(page)
    page.locator("#recent-list .succeeded").nth(2).wait_for()
    yield "page-form", _picture(page)


def _take_sample(page: Page) -> None:
    page.click("#sample")
    page.wait_for_selector("#size:not(:empty)")
    page.mouse.move(0, 0)


def _read(page: Page) -> None:
    """Waits for the translation, and opens what is said of the first sentence with a warning, else of the second sentence."""
    page.wait_for_selector("#job.ended #summary-text .sentence")
    flags = page.locator(".flag")
    (flags if flags.count() else page.locator(".target .segment").nth(1)).first.click()
    page.evaluate("scrollTo(0, 0)")
    page.mouse.move(0, 0)


def _picture(page: Page) -> bytes:
    """What is to be seen, as WebP, once the fonts are there and nothing has the focus."""
    page.evaluate("document.fonts.ready")
    page.evaluate("document.activeElement.blur()")
    session = page.context.new_cdp_session(page)
    seen = page.evaluate("({ x: scrollX, y: scrollY, width: innerWidth, height: innerHeight })")
    clip = {**seen, "scale": _SCALE}
    answer = session.send("Page.captureScreenshot", {"format": "webp", "quality": _QUALITY, "clip": clip})
    return base64.b64decode(answer["data"])


def _write(path: Path, picture: bytes) -> int:
    path.write_bytes(picture)
    print(f"{path}: {len(picture) / 1000:.0f} KB")
    return len(picture)


@contextmanager
def _stack() -> Iterator[str]:
    """The address of a stack that runs for as long as this lasts."""
    with tempfile.TemporaryDirectory(prefix="depeche-pictures-") as folder:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("DEPECHE_")}
        process = subprocess.Popen(
            [sys.executable, "-m", "scripts.lab.stack", "--port", "0"],
            cwd=ROOT,
            env={**inherited, "DEPECHE_DATA_DIR": folder},
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield _address(process)
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=_PATIENCE_S)


def _address(process: "subprocess.Popen[str]") -> str:
    """Where the stack answers, once it says so. Raises `RuntimeError` where it ends before."""
    said, url = "", ""
    for line in process.stderr or ():
        said += line
        if not url and " http://" in line:  # the page; the interface comes after it
            url = line.split()[-1].rstrip("/")
        if "Ctrl-C" in line:
            return url
    raise RuntimeError(f"the stack did not start: {said}")


if __name__ == "__main__":
    sys.exit(main())
