"""A viewer in a real browser, through the running collector and a worker: ClickHouse has what was done."""

import base64
import hashlib
import hmac
import json
import re
import time
from urllib.request import urlopen

import pytest

from tests.e2e.sdk.browser import Site, browsing, episode
from tests.e2e.sdk.recorder import Recorder, serving
from tests.support.collector_process import CollectorProcess
from tests.support.pipeline import Pipeline, wait_until

KEY, SECRET = "pk_of_the_sdk_test", "s" * 32
SECONDS = 4
GATE = {
    "paywallId": "gate-3",
    "trigger": "auto_next",
    "content": episode(3, duration_ms=60_000, paywall_no=1),
}


@pytest.fixture
def pipeline(stack, database, tmp_path):
    pipeline = Pipeline(stack, database, tmp_path)
    yield pipeline
    pipeline.close()


@pytest.fixture
def site():
    """A site on a port of its own; the video and the page come from it, the events go elsewhere."""
    recorder = Recorder()
    with serving(recorder) as origin, browsing() as browser:
        context = browser.new_context()
        yield Site(context, recorder, origin)
        context.close()


@pytest.fixture
def collector(pipeline, site, tmp_path):
    """A collector for players of this site that have a session."""
    keys = tmp_path / "sdk-keys.json"
    player = {
        "id": "sdk", "kind": "player", "token": KEY, "secrets": [SECRET], "origins": [site.origin],
        "requires_session": True,
    }  # fmt: skip
    keys.write_text(json.dumps({"keys": [player]}))
    collector = CollectorProcess(pipeline.stack, tmp_path, keys_file=keys)
    collector.start()
    collector.wait_until_ready()
    yield collector
    collector.close()


def test_what_a_viewer_does_is_in_the_views(pipeline, site, collector):
    site.collector = f"http://127.0.0.1:{collector.port}"
    site.recorder.serve_video("/2.webm", SECONDS)
    del site.recorder.pages["/sdk/cliffhanger.js"]  # it comes from the collector
    site.open(
        seconds=SECONDS,
        writeKey=KEY,
        token=session_token(),
        sdk=f"{site.collector}/sdk/cliffhanger.js",
    )
    watch_the_first_episode(site)
    watch_some_of_the_second_without_a_network(site)
    meet_the_gate_twice(site)
    begin_the_first_again_and_close_the_tab(site, collector)
    pipeline.drain(workers=1)

    rows = pipeline.rows()
    one, two = (plays(rows, number) for number in (1, 2))
    assert one == {
        "starts": 2, "fresh_starts": 2, "valid_plays": 1, "completes": 1, "continued_deliberate": 1,
    }  # fmt: skip
    assert two == {"starts": 1, "fresh_starts": 1, "valid_plays": 1}
    played_ms = sum(row["played_ms"] for row in rows["episode_minutes"].values())
    assert played_ms == pytest.approx(SECONDS * 1000 + 2_000 + 600, abs=1_200)
    assert total(rows["sittings"], "sittings") == 1
    gates = ("impressions", "first_impressions", "checkouts", "dismissals", "conversions_coins")
    assert [total(rows["paywall_minutes"], name) for name in gates] == [2, 1, 1, 1, 0]
    days = ("active", "watched", "met_paywall", "started_checkout", "unlocked", "paid")
    assert [total(rows["viewer_days"], name) for name in days] == [1, 1, 1, 1, 0, 0]
    assert {key[2:5] for key in rows["sittings"]} == {("web", "DE")}
    assert not pipeline.quarantined()


def watch_the_first_episode(site):
    site.do("async () => { const over = happened('ended'); video.play(); await over; }")


def watch_some_of_the_second_without_a_network(site):
    """One second, a pause, a jump over the second second, one more second; then the network is back."""
    site.do("""async next => {
      const there = happened('canplaythrough');
      player.next(next);
      video.src = "/2.webm";
      await there;
    }""", {"content": episode(2), "startReason": "next_swipe"})  # fmt: skip
    site.context.set_offline(True)
    site.play_until(1)
    site.do("async () => { const there = happened('seeked'); video.currentTime = 2; await there; }")
    site.play_until(3)
    site.flush()
    assert site.counts["waiting"] > 0
    site.context.set_offline(False)
    site.page.wait_for_function("player.counts.waiting === 0")


def meet_the_gate_twice(site):
    site.do("player.end('paywall')")
    site.do("""async gate => {
      paywall.hidden = false;
      const first = player.paywall(paywall, gate);
      await new Promise(resolve => setTimeout(resolve, 1200));
      first.dismiss();
      player.paywall(paywall, gate).checkoutStart({ offerId: "coins-60" });
      paywall.hidden = true;
    }""", GATE)  # fmt: skip


def begin_the_first_again_and_close_the_tab(site, collector):
    site.do("""async again => {
      player.next(again);
      video.src = "/1.webm";
      await video.play();
      await player.flush();
    }""", {"content": episode(1), "startReason": "replay"})  # fmt: skip
    site.page.wait_for_function("video.currentTime > 0.6 && player.counts.waiting === 0")
    assert {problem["kind"] for problem in site.problems} == {"away"}  # while there was no network
    before = accepted(collector)
    site.close()
    wait_until(lambda: accepted(collector) == before + 2, 10)  # a heartbeat and the end, by a beacon


def plays(rows, number):
    """The counters of an episode's plays that are not 0, but for times and how far they reached."""
    names = (
        "previews", "starts", "fresh_starts", "valid_plays", "completes", "continued_auto",
        "continued_deliberate", "stopped_at_gate",
    )  # fmt: skip
    of = {key: row for key, row in rows["episode_minutes"].items() if key[1:3] == ("series-1", number)}
    return {name: total(of, name) for name in names if total(of, name)}


def total(rows, name):
    return sum(row[name] for row in rows.values())


def session_token():
    """What a platform's backend would give to the page: a JWT, made by hand."""
    claims = {"sub": "viewer-1", "sid": "session-1", "exp": int(time.time()) + 3600}
    text = f"{encoded({'alg': 'HS256', 'typ': 'JWT'})}.{encoded(claims)}"
    return f"{text}.{encoded(hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).digest())}"


def encoded(value):
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def accepted(collector):
    """How many events the collector has accepted."""
    with urlopen(f"http://127.0.0.1:{collector.ops_port}/metrics") as page:
        text = page.read().decode()
    return float(re.search(r'events_total{outcome="accepted"} (\S+)', text)[1])
