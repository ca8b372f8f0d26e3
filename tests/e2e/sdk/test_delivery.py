"""How events get out: batches, what waits, what is sent again, what is told."""

import json

from schemas.events import EVENT

TEN_PAUSES = "() => { for (let n = 0; n < 10; n += 1) player.error('e-' + n); }"


def test_events_wait_for_company_and_go_within_five_seconds_by_themselves(site):
    site.open()
    site.page.clock.install()
    site.play_until(0.3)
    assert site.recorder.requests == []
    site.page.clock.run_for(5_000)
    site.settled(lambda recorder: recorder.requests)
    (request,) = site.recorder.requests
    assert [event["event_type"] for event in request.events] == ["play_start", "pause", "heartbeat"]
    assert request.content_type == "application/x-ndjson"


def test_a_hundred_events_go_at_once_and_no_more_in_one_request(site):
    site.open()
    site.do("() => { for (let n = 0; n < 250; n += 1) player.error('e-' + n); }")
    site.settled(lambda recorder: len(recorder.events) == 250, within_s=4)
    assert [len(request.events) for request in site.recorder.requests] == [100, 100, 50]
    assert [event["code"] for event in site.recorder.events] == [f"e-{n}" for n in range(250)]


def test_offline_nothing_is_lost_and_online_again_it_goes_at_once(site):
    site.open()
    site.context.set_offline(True)
    site.play_until(0.5)
    site.flush()
    assert site.counts["waiting"] == 3
    assert {problem["kind"] for problem in site.problems} == {"away"}
    ids = stored_ids(site)
    site.context.set_offline(False)
    site.settled(lambda recorder: recorder.requests)
    assert {event["event_id"] for event in site.recorder.events} == ids
    site.page.wait_for_function("player.counts.waiting === 0")
    assert stored_ids(site) == set()


def test_what_waits_survives_a_reload(site):
    site.recorder.away = True
    site.open()
    site.play_until(0.5)
    site.flush()
    ids = stored_ids(site)
    assert len(ids) == site.counts["waiting"] == 3
    site.page.reload()
    assert stored_ids(site) > ids
    assert site.recorder.requests == []
    site.recorder.away = False
    site.do("options => start(options)", {**OPTIONS, "endpoint": site.origin})
    site.settled(lambda recorder: recorder.requests)
    assert ids < {event["event_id"] for event in site.recorder.events}
    assert [end["end_reason"] for end in site.recorder.of("play_end")] == ["exit"]
    assert {event["app_session_id"] for event in site.recorder.events} == {"session-1"}


def test_what_is_sent_again_keeps_its_ids_and_tells_another_time_of_sending(site):
    site.open()
    site.recorder.answers.append((503, {"Retry-After": "600"}, {}))
    site.do(TEN_PAUSES)
    ids = stored_ids(site)
    site.flush()
    occurred = site.do("Date.now()")
    site.flush()
    assert site.recorder.requests == []  # it was told to wait ten minutes
    site.do("window.dispatchEvent(new Event('online'))")
    site.settled(lambda recorder: len(recorder.events) == 10)
    assert {event["event_id"] for event in site.recorder.events} == ids
    assert all(event["sent_at"] >= occurred >= event["occurred_at"] for event in site.recorder.events)


def test_a_retry_waits_as_long_as_it_is_told_and_longer_after_each_failure(site):
    site.open()
    site.page.clock.install()
    site.do("""() => {
      Math.random = () => 0; // else up to a quarter more, so that players do not come all at once
      const real = window.fetch;
      window.tries = 0;
      window.fetch = (...request) => { tries += 1; return real(...request); };
    }""")
    site.recorder.answers.extend([(429, {"Retry-After": "20"}, {}), (500, {}, {}), (503, {}, {})])
    site.do(TEN_PAUSES)
    site.flush()
    for tries, waits_ms in enumerate((20_000, 2_000, 4_000), start=1):
        site.page.wait_for_function("failures => problems.length === failures", arg=tries)
        site.page.clock.run_for(waits_ms - 300)
        assert site.do("tries") == tries
        site.page.clock.run_for(400)
        assert site.do("tries") == tries + 1
    site.settled(lambda recorder: len(recorder.events) == 10)
    site.page.wait_for_function("player.counts.waiting === 0")
    assert [problem["kind"] for problem in site.problems] == ["away"] * 3
    assert site.counts == {
        "accepted": 10, "quarantined": 0, "refused": 0, "dropped": 0, "unconfirmed": 0, "waiting": 0,
    }  # fmt: skip


def test_closing_the_tab_sends_the_end_with_a_beacon(site):
    site.open(token="t.o.k")
    site.play()
    site.page.wait_for_function("video.currentTime > 0.5")
    site.close()
    site.settled(lambda recorder: recorder.of("play_end"))

    (request,) = site.recorder.requests
    assert (request.key, request.token) == ("wk_test", "t.o.k")
    assert request.query == {"key": "wk_test", "session": "t.o.k"}
    assert request.content_type == "text/plain;charset=UTF-8"
    assert [event["event_type"] for event in request.events] == ["play_start", "heartbeat", "play_end"]
    (end,) = site.recorder.of("play_end")
    assert end["end_reason"] == "exit"
    assert end["played_ms"] >= 500


def test_what_a_beacon_took_is_sent_again_by_the_next_page_and_given_up_after_the_lateness(site):
    site.open()
    site.play_until(0.3)
    site.close()
    site.settled(lambda recorder: recorder.of("play_end"))
    first = {event["event_id"] for event in site.recorder.events}
    site.open()
    site.settled(lambda recorder: len(recorder.requests) == 2)
    assert {event["event_id"] for event in site.recorder.requests[1].events} == first
    site.page.wait_for_function("player.counts.waiting === 0")
    site.play_until(0.3)
    site.close()
    site.settled(lambda recorder: len(recorder.requests) == 3)

    later = site.context.new_page()
    later.clock.install(time=site.recorder.events[-1]["sent_at"] + 7 * 3_600_000)
    later.goto(site.origin)
    later.evaluate("options => start(options)", {**OPTIONS, "endpoint": site.origin})
    assert later.evaluate("player.counts.unconfirmed") == 5
    assert [problem["kind"] for problem in later.evaluate("problems")] == ["unconfirmed"]


def test_what_the_collector_set_aside_is_told_and_not_sent_again(site):
    site.open()
    aside = {"accepted": 9, "quarantined": [{"index": 3, "reason": "invalid_value"}]}
    site.recorder.answers.append((200, {}, aside))
    site.do(TEN_PAUSES)
    site.flush()
    assert site.problems == [{"kind": "quarantined", "count": 1, "detail": "player_error: invalid_value"}]
    assert (site.counts["accepted"], site.counts["quarantined"], site.counts["waiting"]) == (9, 1, 0)


def test_a_body_that_is_too_large_is_cut_in_two(site):
    site.open()
    site.recorder.answers.append((413, {}, {"error": "too_large"}))
    site.do(TEN_PAUSES)
    site.flush()
    assert [len(request.events) for request in site.recorder.requests] == [5, 5]


def test_a_refusal_for_good_is_told_and_one_that_can_be_mended_keeps_the_events(site):
    site.open()
    site.recorder.answers.append((400, {}, {"error": "not_json", "detail": ""}))
    site.do(TEN_PAUSES)
    site.flush()
    assert site.problems == [{"kind": "refused", "count": 10, "detail": "400 not_json"}]
    site.recorder.answers.append((401, {}, {"error": "revoked_key", "detail": ""}))
    site.do("player.error('kept')")
    site.flush()
    assert site.counts["refused"] == 10
    assert site.counts["waiting"] == 1


def test_a_200_from_somebody_else_is_no_answer(site):
    site.open()
    site.recorder.answers.append((200, {}, {"please": "log in to the network of this hotel"}))
    site.do(TEN_PAUSES)
    site.flush()
    assert (site.counts["waiting"], site.counts["accepted"]) == (10, 0)
    assert [problem["kind"] for problem in site.problems] == ["away"]


def test_what_waited_since_an_earlier_session_goes_with_todays_token_when_its_own_has_expired(site):
    site.recorder.away = True
    site.open(token="yesterday")
    site.do(TEN_PAUSES)
    site.page.reload()
    site.recorder.away = False
    site.recorder.answers.append((401, {}, {"error": "expired_token", "detail": ""}))
    site.do("options => start(options)", {**OPTIONS, "endpoint": site.origin, "token": "today"})
    site.settled(lambda recorder: recorder.requests)
    assert [(request.token, len(request.events)) for request in site.recorder.requests] == [("today", 10)]


def test_a_token_that_expired_is_fetched_anew(site):
    site.open()
    site.do("""options => {
      let number = 0;
      start({ ...options, token: async () => "token-" + (number += 1) });
    }""", {**OPTIONS, "endpoint": site.origin})  # fmt: skip
    site.recorder.answers.append((401, {}, {"error": "expired_token", "detail": ""}))
    site.do("player.error('e')")
    site.flush()
    site.do("window.dispatchEvent(new Event('online'))")
    site.settled(lambda recorder: recorder.requests)
    assert [request.token for request in site.recorder.requests] == ["token-2"]


def test_a_full_queue_lets_heartbeats_go_first_and_counts_them(site):
    site.open()
    site.recorder.answers.append((503, {"Retry-After": "600"}, {}))
    site.play_until(0.3)
    site.flush()
    site.do("() => { for (let n = 0; n < 4998; n += 1) player.error('e-' + n); }")
    counts = site.counts
    assert counts["waiting"] + counts["dropped"] == 5_001
    assert {problem["kind"] for problem in site.problems} == {"away", "dropped"}
    kinds = site.do("Object.values(localStorage).map(text => JSON.parse(text).event.event_type)")
    assert "heartbeat" not in kinds
    assert len(kinds) == counts["waiting"]


def test_a_browser_that_stores_nothing_still_sends(site):
    site.context.add_init_script("""Object.defineProperty(window, "localStorage", {
      get() { throw new DOMException("", "SecurityError"); }
    })""")
    site.open()
    site.do(TEN_PAUSES)
    site.flush()
    assert len(site.recorder.events) == 10
    assert [problem["kind"] for problem in site.problems] == ["storage"]


def test_a_wrong_call_is_told_and_never_thrown(site):
    site.open()
    problems = site.do("""async () => {
      const { attach } = await import("/sdk/cliffhanger.js");
      const told = [];
      const onProblem = (problem) => { told.push(problem.kind); throw new Error("a mistake of the page"); };
      for (const wrong of [undefined, null, {}, { endpoint: "not a url", onProblem }]) {
        const player = attach(document.createElement("video"), wrong);
        player.next();
        player.paywall(null).dismiss();
        player.error(undefined, null);
        player.paywall(document.body, null).checkoutStart(null);
        await player.flush();
        player.detach();
      }
      attach(null, { onProblem });
      return told;
    }""")
    assert {"misuse", "internal"} <= set(problems)


def stored_ids(site):
    events = site.do("Object.values(localStorage).map(text => JSON.parse(text).event)")
    for event in events:
        EVENT.validate_json(json.dumps({**event, "sent_at": event["occurred_at"]}))
    return {event["event_id"] for event in events}


OPTIONS = {
    "writeKey": "wk_test",
    "viewerId": "viewer-1",
    "sessionId": "session-2",
    "appVersion": "1.0.0",
    "content": {"series_id": "series-1", "episode_no": 1},
}
