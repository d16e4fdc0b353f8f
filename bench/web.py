"""How quickly the web app's pages can be used: ``python -m bench.web`` (about two minutes).

Opens each page in headless Chromium with an empty cache, ``RUNS`` times, from a real server with
two analysed recordings, and prints medians beside the limits they have to hold: compressed bytes
of script, time until the page's first control can be used (and no long task follows), the longest
task that blocks the page, and how far things jump while it loads (CLS). Once more for the
recording's page with the processor slowed down four times, as a phone's would be.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
from dataclasses import dataclass, fields

from playwright.sync_api import Browser, sync_playwright

from tools.looks import FLAGS, stage

RUNS = 7
PHONE = 4
LIMITS = "limit: 150 kB of script, interactive within 1,000 ms, CLS below 0.1"
WATCH = """
window.__seen = { control: null, longest: 0, lastEnd: 0, shift: 0, paint: 0 };
new PerformanceObserver((list) => list.getEntries().forEach((task) => {
    __seen.longest = Math.max(__seen.longest, task.duration);
    __seen.lastEnd = task.startTime + task.duration;
})).observe({ type: 'longtask', buffered: true });
new PerformanceObserver((list) => list.getEntries().forEach((one) => {
    if (!one.hadRecentInput) __seen.shift += one.value;
})).observe({ type: 'layout-shift', buffered: true });
new PerformanceObserver((list) => list.getEntries().forEach((one) => {
    __seen.paint = one.startTime;
})).observe({ type: 'largest-contentful-paint', buffered: true });
const look = () => {
    const control = document.querySelector('SELECTOR');
    if (control && control.getClientRects().length) __seen.control = performance.now();
    else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
UNTIL_USABLE = """() => new Promise((usable) => {
    const look = () => (__seen.control === null ? requestAnimationFrame(look) : usable());
    look();
})"""
READ = """() => ({
    script: performance.getEntriesByType('resource')
        .filter((one) => new URL(one.name).pathname.endsWith('.js'))
        .reduce((sum, one) => sum + one.encodedBodySize, 0),
    ...__seen,
})"""


@dataclass(frozen=True)
class Visit:
    """Milliseconds, but for ``script`` (bytes) and ``shift`` (no unit)."""

    script: float
    paint: float
    interactive: float
    longest: float
    shift: float


def visit(browser: Browser, address: str, selector: str, slowed: int) -> Visit:
    context = browser.new_context(viewport={"width": 1280, "height": 860}, locale="en-GB")
    page = context.new_page()
    if slowed > 1:
        session = context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": slowed})
    page.add_init_script(WATCH.replace("SELECTOR", selector))
    page.goto(address, wait_until="networkidle")
    page.evaluate(UNTIL_USABLE)
    seen = page.evaluate(READ)
    context.close()
    interactive = max(seen["control"], seen["lastEnd"])
    return Visit(seen["script"], seen["paint"], interactive, seen["longest"], seen["shift"])


def medians(visits: list[Visit]) -> Visit:
    values = {f.name: statistics.median(getattr(v, f.name) for v in visits) for f in fields(Visit)}
    return Visit(**values)


def main() -> None:
    with stage() as (url, pages):
        held = measure(url, pages["recording"])
    if not held:
        sys.exit("A limit is not held.")


def measure(url: str, recording: str) -> bool:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        return table(browser, url, recording)


def table(browser: Browser, url: str, recording: str) -> bool:
    """Prints it; whether every page holds its limits."""
    play, link = "[data-testid=play-toggle]", "[data-testid=recording-row] a"
    pages = {
        "home": ("/", link, 1),
        "recording": (recording, play, 1),
        "progress": ("/progress", "#group", 1),
        "conversation": ("/chat", "[data-testid=chat-input]", 1),
        f"recording, processor {PHONE}× slower": (recording, play, PHONE),
    }
    print(f"load {os.getloadavg()[0]:.1f}; {RUNS} visits each, empty cache; {LIMITS}\n")
    print("| page | script | largest paint | interactive | longest task | CLS | held |")
    print("|---|---|---|---|---|---|---|")
    all_held = True
    for page, (path, selector, slowed) in pages.items():
        visit(browser, url + path, selector, slowed)  # the server's first answer is another thing
        found = medians([visit(browser, url + path, selector, slowed) for _ in range(RUNS)])
        held = found.script < 150_000 and found.interactive < 1000 and found.shift < 0.1
        all_held &= held or slowed > 1
        print(
            f"| {page} | {found.script / 1000:.1f} kB | {found.paint:.0f} ms | "
            f"{found.interactive:.0f} ms | {found.longest:.0f} ms | {found.shift:.3f} | "
            f"{'yes' if held else 'not asked' if slowed > 1 else 'NO'} |",
            flush=True,
        )
    return all_held


if __name__ == "__main__":
    main()
