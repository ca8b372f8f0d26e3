"""What a player reports of what was played, held to the contract and to what was done."""

import pytest

from tests.e2e.sdk.browser import episode

SAMPLE_MS = 350
"""A pause is told within a sample of the position it was asked for."""


def test_a_play_to_the_end_is_complete_and_beats_every_five_seconds(site):
    site.open(seconds=6, startReason="deep_link", content=episode(1, audio_language="de"))
    site.do("async () => { const over = happened('ended'); video.play(); await over; await player.flush(); }")

    events = site.recorder.of("play_start", "heartbeat", "play_end")
    assert [event["event_type"] for event in events] == ["play_start", "heartbeat", "heartbeat", "play_end"]
    start, beat, _, end = events
    assert len({event["playback_id"] for event in events}) == 1
    assert (start["start_reason"], start["duration_ms"]) == ("deep_link", 6_000)
    assert start["start_position_ms"] <= 30
    assert (start["series_id"], start["episode_no"], start["audio_language"]) == ("series-1", 1, "de")
    assert 5_000 <= beat["played_ms"] <= 5_000 + SAMPLE_MS
    assert beat["foreground"] is True
    assert (end["end_reason"], end["position_ms"]) == ("completed", 6_000)
    assert end["watched_ms"] == pytest.approx(6_000, abs=30)
    assert end["played_ms"] == pytest.approx(6_000, abs=SAMPLE_MS)
    assert site.problems == []


def test_every_event_says_who_where_and_when(site):
    site.open(context={"payer_state": "never", "experiments": [{"id": "gate", "variant": "b"}]})
    site.play_until(0.3)
    site.flush()
    for event in site.recorder.of("play_start", "pause", "heartbeat"):
        assert (event["viewer_id"], event["app_session_id"]) == ("viewer-1", "session-1")
        assert (event["platform"], event["environment"], event["country"]) == ("web", "production", "DE")
        assert event["payer_state"] == "never"
        assert event["experiments"] == [{"id": "gate", "variant": "b"}]
        assert event["sent_at"] >= event["occurred_at"]
        assert "received_at" not in event
    assert [request.key for request in site.recorder.requests] == ["wk_test"]


def test_a_pause_is_no_playing(site):
    site.open()
    site.play_until(0.8)
    site.do("new Promise(resolve => setTimeout(resolve, 700))")
    site.play_until(1.6)
    site.flush()

    first, resume, second = site.recorder.of("pause", "resume")
    assert [event["event_type"] for event in (first, resume, second)] == ["pause", "resume", "pause"]
    assert first["position_ms"] == pytest.approx(800, abs=SAMPLE_MS)
    assert resume["played_ms"] == first["played_ms"]
    assert second["occurred_at"] - first["occurred_at"] >= 700 + 400
    assert second["played_ms"] == pytest.approx(second["position_ms"], abs=SAMPLE_MS)
    assert second["watched_ms"] == pytest.approx(second["position_ms"], abs=60)
    beats = site.recorder.of("heartbeat")
    assert [beat["played_ms"] for beat in beats] == [first["played_ms"], second["played_ms"]]


def test_what_a_seek_jumps_over_is_not_watched(site):
    site.open()
    site.play_until(0.8)
    site.do("async () => { const there = happened('seeked'); video.currentTime = 5; await there; }")
    site.play_until(5.8)
    site.flush()

    (seek,) = site.recorder.of("seek")
    last = site.recorder.of("pause")[-1]
    assert seek["from_ms"] == seek["position_ms"] == pytest.approx(800, abs=SAMPLE_MS)
    assert seek["to_ms"] == 5_000
    assert last["position_ms"] == pytest.approx(5_800, abs=SAMPLE_MS)
    assert last["watched_ms"] == pytest.approx(last["position_ms"] - 5_000 + seek["from_ms"], abs=60)


def test_what_is_watched_twice_is_watched_once_and_played_twice(site):
    site.open()
    site.play_until(1.0)
    site.do("async () => { const there = happened('seeked'); video.currentTime = 0; await there; }")
    site.play_until(1.0)
    site.flush()

    last = site.recorder.of("pause")[-1]
    furthest = max(event["position_ms"] for event in site.recorder.of("pause"))
    assert last["watched_ms"] == pytest.approx(furthest, abs=30)
    assert last["played_ms"] == pytest.approx(2 * last["watched_ms"], abs=2 * SAMPLE_MS)


def test_a_seek_while_it_plays_takes_the_place_where_it_was_from_the_clock(site):
    site.open()
    site.do("""async () => {
      await video.play();
      await new Promise(resolve => setTimeout(resolve, 600));
      window.was = video.currentTime * 1000;
      const there = happened('seeked');
      video.currentTime = 6;
      await there;
    }""")
    site.play_until(6.4)
    site.flush()
    (seek,) = site.recorder.of("seek")
    assert seek["from_ms"] == pytest.approx(site.do("was"), abs=60)


def test_double_speed_plays_twice_as_much_content_as_time(site):
    site.open()
    site.do("video.playbackRate = 2")
    site.play_until(2)
    site.flush()
    (pause,) = site.recorder.of("pause")
    assert pause["watched_ms"] == pytest.approx(pause["position_ms"], abs=60)
    assert pause["played_ms"] == pytest.approx(pause["position_ms"] / 2, abs=SAMPLE_MS)
    assert site.recorder.of("heartbeat")[-1]["rate"] == 2


def test_the_next_episode_ends_this_play_and_begins_another(site):
    site.open()
    site.play_until(0.5)
    site.recorder.serve_video("/2.webm", 2)
    site.do("""async next => {
      const over = happened('ended');
      player.next(next);
      video.src = "/2.webm";
      video.play();
      await over;
      await player.flush();
    }""", {"content": episode(2), "startReason": "next_swipe"})  # fmt: skip

    starts, ends = site.recorder.of("play_start"), site.recorder.of("play_end")
    assert [(s["episode_no"], s["start_reason"], s["duration_ms"]) for s in starts] == [
        (1, "tap", 8_000),
        (2, "next_swipe", 2_000),
    ]
    assert [end["end_reason"] for end in ends] == ["next", "completed"]
    assert [end["playback_id"] for end in ends] == [start["playback_id"] for start in starts]
    assert starts[0]["playback_id"] != starts[1]["playback_id"]
    assert ends[1]["watched_ms"] == pytest.approx(2_000, abs=30)


def test_the_same_video_once_more_is_another_play(site):
    site.open(seconds=1)
    site.do("""async () => {
      for (let time = 0; time < 2; time += 1) {
        const over = happened('ended');
        video.play();
        await over;
      }
      await player.flush();
    }""")
    assert [start["start_reason"] for start in site.recorder.of("play_start")] == ["tap", "replay"]
    assert [end["watched_ms"] for end in site.recorder.of("play_end")] == pytest.approx(
        [1_000, 1_000], abs=30
    )


def test_a_pause_of_half_an_hour_ends_the_play_and_what_follows_is_another(site):
    site.open()
    site.page.clock.install()
    site.play_until(0.5)
    site.page.clock.fast_forward("31:00")
    site.play_until(1)
    site.flush()

    (end,) = site.recorder.of("play_end")
    pauses = site.recorder.of("pause")
    starts = site.recorder.of("play_start")
    assert end["end_reason"] == "background_timeout"
    assert end["occurred_at"] - pauses[0]["occurred_at"] == pytest.approx(30 * 60_000, abs=1_000)
    assert starts[1]["start_reason"] == "resume"
    assert starts[1]["start_position_ms"] == pytest.approx(pauses[0]["position_ms"], abs=60)
    assert pauses[1]["watched_ms"] == pytest.approx(
        pauses[1]["position_ms"] - starts[1]["start_position_ms"], abs=60
    )


def test_a_video_that_runs_dry_stalls_and_goes_on(site):
    """Chromium cannot be starved at will, so the page says what the element says then."""
    site.open()
    site.do("""async () => {
      await video.play();
      await new Promise(resolve => setTimeout(resolve, 300));
      video.dispatchEvent(new Event("waiting"));
      await new Promise(resolve => setTimeout(resolve, 400));
      video.dispatchEvent(new Event("playing"));
    }""")
    site.play_until(1)
    site.flush()
    (stall,) = site.recorder.of("stall")
    pause = site.recorder.of("pause")[-1]
    assert stall["stalled_ms"] == pytest.approx(400, abs=100)
    assert pause["played_ms"] == pytest.approx(pause["position_ms"] - stall["stalled_ms"], abs=SAMPLE_MS)


def test_a_video_that_cannot_be_played_is_an_error_and_ends_the_play(site):
    site.open()
    site.play_until(0.5)
    site.do("""async () => {
      const failed = happened('error');
      video.src = "/nothing.webm";
      await failed;
      await player.flush();
    }""")
    (error,) = site.recorder.of("player_error")
    (end,) = site.recorder.of("play_end")
    assert (error["code"], error["fatal"]) == ("media_4", True)
    assert error["playback_id"] == end["playback_id"]
    assert (end["end_reason"], end["position_ms"]) == ("error", error["position_ms"])
    assert end["position_ms"] == pytest.approx(500, abs=SAMPLE_MS)


def test_a_video_that_fails_before_its_first_frame_may_still_begin(site):
    site.open(startReason="deep_link")
    site.do("""async () => {
      const failed = happened('error');
      video.src = "/nothing.webm";
      await failed;
      video.src = "/1.webm";
    }""")
    site.play_until(0.3)
    site.flush()
    (error,) = site.recorder.of("player_error")
    (start,) = site.recorder.of("play_start")
    assert (start["playback_id"], start["start_reason"]) == (error["playback_id"], "deep_link")
    assert site.recorder.of("play_end") == []


def test_the_page_ends_a_play_and_reports_a_failure_of_its_own(site):
    site.open()
    site.play_until(0.3)
    site.do("player.error('licence'); player.end('paywall'); player.end('exit'); player.flush()")
    (error,) = site.recorder.of("player_error")
    assert (error["code"], error["fatal"]) == ("licence", False)
    assert [end["end_reason"] for end in site.recorder.of("play_end")] == ["paywall"]


def test_a_page_in_the_background_says_so(site):
    site.open()
    site.play_until(0.3)
    site.do("""() => {
      Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }""")
    site.settled(lambda recorder: any(not beat["foreground"] for beat in recorder.of("heartbeat")))


def test_a_video_that_is_never_played_says_nothing(site):
    site.open()
    site.do("player.detach()")
    site.flush()
    assert site.recorder.events == []
