"""Takes the README's picture of the page: `python -m scripts.page_picture ADDRESS FILE`.

Run it beside `make demo` while the face looks cheerful; it waits for that itself.
"""

import os
import sys

from playwright.sync_api import sync_playwright

PHONE = {"width": 390, "height": 844}
CHEERFUL_WITHIN_MS = 60_000


def main(address: str, file: str) -> int:
    """Write a picture of the page at `address`, as a phone shows it, to `file`."""
    options = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium's sandbox refuses root
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path="/usr/bin/chromium", args=options)
        page = browser.new_page(viewport=PHONE, device_scale_factor=2)  # type: ignore[arg-type]  # a TypedDict by another name
        page.goto(address)
        page.get_by_text("Looks cheerful").first.wait_for(timeout=CHEERFUL_WITHIN_MS)
        page.wait_for_function("document.fonts.status === 'loaded'")
        page.screenshot(path=file)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
