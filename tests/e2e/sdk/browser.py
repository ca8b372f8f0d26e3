"""A real Chromium without a window, and a page of a site that uses the SDK."""

import json
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)  # fmt: skip
VIEWER = {
    "writeKey": "wk_test",
    "viewerId": "viewer-1",
    "sessionId": "session-1",
    "appVersion": "1.0.0",
    "country": "DE",
}


def chromium():
    """Where Chromium is; the test fails without it."""
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return Path(path)
    pytest.fail(
        "Chromium is missing: the SDK is tested in it (Debian: apt-get install chromium)", pytrace=False
    )


@contextmanager
def browsing():
    """Run a browser; its pages share nothing with those of another context."""
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


class Site:
    """A page with a video and a paywall, and the SDK attached as `player`; `problems` is what it was told."""

    def __init__(self, context, recorder, origin, collector=None):
        self.recorder = recorder
        self.origin = origin
        self.collector = collector or origin
        self.context = context
        self.page = None

    def open(self, *, seconds=8, sdk="/sdk/cliffhanger.js", **options):
        """Open a tab; return once the SDK is attached and the video is there to be played."""
        self.recorder.serve_video("/1.webm", seconds)
        self.recorder.pages["/"] = ("text/html", PAGE.replace("{{sdk}}", sdk).encode())
        self.page = self.context.new_page()
        self.page.goto(f"{self.origin}/")
        options = {"endpoint": self.collector, "content": episode(1), **VIEWER, **options}
        self.page.evaluate("options => start(options)", options)
        return self

    def do(self, script, argument=None):
        return self.page.evaluate(script, argument)

    def play(self):
        self.do("video.play()")

    def play_until(self, seconds):
        """Play up to a position, then pause there."""
        self.do("until => playUntil(until)", seconds)

    def flush(self):
        self.do("player.flush()")

    @property
    def counts(self):
        return self.do("player.counts")

    @property
    def problems(self):
        return self.do("problems")

    def close(self):
        """Close the tab as a viewer does: the page hears that it goes."""
        self.page.close(run_before_unload=True)

    def settled(self, holds, within_s=10):
        """Wait until what arrived satisfies a condition."""
        with self.recorder.arrived:
            assert self.recorder.arrived.wait_for(lambda: holds(self.recorder), within_s), json.dumps(
                [[e["event_type"] for e in r.events] + [r.content_type] for r in self.recorder.requests]
            )


def episode(number, **more):
    return {"series_id": "series-1", "episode_no": number, "is_free": number < 3, **more}


PAGE = """<!doctype html>
<title>A drama</title>
<video id="video" muted src="/1.webm"></video>
<div id="paywall" hidden style="position: fixed; inset: 0">Unlock<button id="offer">60 coins</button></div>
<script type="module">
  import { attach } from "{{sdk}}";
  window.problems = [];
  window.start = (options) => {
    window.player = attach(video, { ...options, onProblem: (problem) => problems.push(problem) });
  };
  window.playUntil = (position) => new Promise((resolve) => {
    const stop = () => {
      if (video.currentTime < position && !video.ended) return;
      video.removeEventListener("timeupdate", stop);
      video.addEventListener("pause", () => setTimeout(resolve), { once: true }); // the SDK has heard it, too
      video.pause();
    };
    video.addEventListener("timeupdate", stop);
    video.play();
  });
  window.happened = (name) => new Promise((resolve) => video.addEventListener(name, resolve, { once: true }));
</script>
"""
