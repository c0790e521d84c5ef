"""Print how long a browser takes to show the chat for the first time, with nothing of it kept from before.

    python -m benchmarks.first_paint [TIMES]

The server answers from memory; the times are Chromium's own, from the beginning of the navigation. On a machine that
does other work at the same time most of them is the browser waiting for a processor, so the shortest says the most.
"""

from __future__ import annotations

import asyncio
import sys
from statistics import median
from typing import Any, Final

from playwright.async_api import Browser, async_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM, name_person, open_stage

TIMES: Final = 9
AIM_MS: Final = 400
SETTLED_MS: Final = 300
READ: Final = """() => {
    const [page] = performance.getEntriesByType("navigation");
    const [paint] = performance.getEntriesByName("first-contentful-paint");
    const styles = performance.getEntriesByType("resource").filter((each) => each.name.endsWith(".css"));
    return {
        "page read": page.responseEnd,
        "styles read": Math.max(...styles.map((each) => each.responseEnd)),
        "first paint": paint.startTime,
        "scripts run": page.domContentLoadedEventEnd,
    };
}"""


async def main(times: int) -> None:
    """Open the chat so many times, each in a browser profile of its own."""
    async with open_stage() as stage, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        found = [await _open(browser, f"{stage.url}/c/local/general") for _ in range(times)]
        await browser.close()
    print(f"{'until':<12} {'shortest ms':>12} {'median':>8} {'longest':>8}")
    for name in found[0]:
        values = [each[name] for each in found]
        print(f"{name:<12} {min(values):>12.0f} {median(values):>8.0f} {max(values):>8.0f}")
    print(f"{sum(each['first paint'] > AIM_MS for each in found)} of {times} first paints took longer than {AIM_MS} ms")


async def _open(browser: Browser, url: str) -> dict[str, Any]:
    context = await browser.new_context()
    await name_person(context, "u-first", "You")
    page = await context.new_page()
    answer = await page.goto(url)
    assert answer is not None
    assert answer.ok
    await page.wait_for_timeout(SETTLED_MS)
    told: dict[str, Any] = await page.evaluate(READ)
    await context.close()
    return told


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else TIMES))
