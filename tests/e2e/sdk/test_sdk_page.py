"""docs/sdk.md: its page runs as written, and it names everything that the module has."""

import re
from pathlib import Path

import pytest

from tests.e2e.sdk.recorder import SDK

TEXT = (Path(__file__).parents[3] / "docs" / "sdk.md").read_text()
COLLECTOR = "http://127.0.0.1:19080"


@pytest.fixture
def page(site):
    """The page of the documentation, with the address of another collector."""
    (text,) = re.findall(r"```html\n(.*?)```", TEXT, flags=re.DOTALL)
    assert text.count(COLLECTOR) == 2
    site.recorder.pages["/player.html"] = ("text/html", text.replace(COLLECTOR, site.origin).encode())
    for number in (1, 2):
        site.recorder.serve_video(f"/episodes/{number}.webm", 1)
    page = site.context.new_page()
    page.goto(f"{site.origin}/player.html?key=pk_example")
    return page


def test_the_page_runs_as_written(site, page):
    page.evaluate("video.muted = true; video.play()")
    page.locator("#gate").wait_for(state="visible")
    site.settled(lambda recorder: recorder.of("paywall_impression"))
    with page.expect_console_message(lambda message: message.text.startswith("order ")):
        page.click("#unlock")
    page.click("#later")
    page.close(run_before_unload=True)
    site.settled(lambda recorder: recorder.of("paywall_dismiss"))

    of = site.recorder.of
    assert [(s["episode_no"], s["start_reason"]) for s in of("play_start")] == [(1, "tap"), (2, "auto_next")]
    assert [end["end_reason"] for end in of("play_end")] == ["completed", "completed"]
    (impression,) = of("paywall_impression")
    (checkout,) = of("checkout_start")
    assert (impression["episode_no"], impression["coin_price"], checkout["offer_id"]) == (3, 60, "coins-60")
    assert {request.key for request in site.recorder.requests} == {"pk_example"}


def test_the_page_names_every_option_call_and_problem():
    script = SDK.read_text()
    options = re.search(r"@typedef \{object\} Options(.*?)@typedef", script, flags=re.DOTALL)[1]
    for name in re.findall(r"@property \{.*\} \[?(\w+)", options):
        assert f"\n| `{name}` |" in TEXT, name
    for kind in re.search(r"@property \{(\"quarantined\".*?)\} kind", script)[1].split("|"):
        assert f"\n| `{kind.strip(chr(34))}` |" in TEXT, kind
    player = re.search(r"\nclass Player .*?\n}\n", script, flags=re.DOTALL)[0]
    for name in re.findall(r"\n  (?:async |get )?([a-z]\w+)(?:\(| \{)", player):
        assert name == "constructor" or f"player.{name}" in TEXT, name
