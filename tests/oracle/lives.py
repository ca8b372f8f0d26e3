"""What deletions do, in one sentence: whoever goes on after one is somebody else, and comes without a past.

So the definitions need not know of deletions: give each life a viewer of its own, drop what the deletion
filters, and compute all rows at once. The order of the log decides: give it the events in that order.
"""

from collections.abc import Iterable


def lives(events: Iterable[dict]) -> list[dict]:
    """Return the events that count, the viewer of each named after the life that it belongs to."""
    life, forgotten_at, kept = {}, {}, []
    for event in events:
        viewer_id = event["viewer_id"]
        at = event["received_at"] - event["sent_at"] + event["occurred_at"]
        is_news = at > forgotten_at.get(viewer_id, -1)
        if event["event_type"] != "viewer_deletion":
            if is_news:
                kept.append(event | {"viewer_id": f"{viewer_id}, life {life.get(viewer_id, 0)}"})
        elif is_news:
            forgotten_at[viewer_id] = at
            life[viewer_id] = life.get(viewer_id, 0) + 1
    return kept
