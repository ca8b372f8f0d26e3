"""A video of any length, made here: one grey VP8 key frame again and again in a WebM container.

Every frame is a key frame, so a player can seek anywhere; the container states its duration exactly.
"""

import base64
import struct

FRAME = base64.b64decode("MAEAnQEqAQABAA7A/iWkAANwAAAAAA==")
"""One pixel, grey, as the VP8 frame of a lossy WebP picture."""
FRAMES_S = 10


def video(seconds):
    """Return a WebM file that plays so many seconds."""
    info = element(
        "1549A966", number("2AD7B1", 1_000_000), element("4489", struct.pack(">d", seconds * 1000))
    )
    picture = element("E0", number("B0", 1), number("BA", 1))
    track = element(
        "AE", number("D7", 1), number("73C5", 1), number("83", 1), element("86", b"V_VP8"), picture
    )
    head = info + element("1654AE6B", track)
    # Cues state where clusters stand, which depends on the size of the cues: numbers of fixed width keep it.
    size = len(head + cues([0] * seconds))
    clusters = [cluster(second) for second in range(seconds)]
    offsets = [size + sum(map(len, clusters[:second])) for second in range(seconds)]
    return element("1A45DFA3", element("4282", b"webm"), number("4287", 2), number("4285", 2)) + element(
        "18538067", head, cues(offsets), *clusters
    )


def cluster(second):
    """One second of frames."""
    frames = [
        element("A3", b"\x81" + struct.pack(">h", n * 1000 // FRAMES_S) + b"\x80" + FRAME)
        for n in range(FRAMES_S)
    ]
    return element("1F43B675", number("E7", second * 1000), *frames)


def cues(offsets):
    """Where each second begins."""
    points = [
        element("BB", number("B3", second * 1000), element("B7", number("F7", 1), number("F1", offset)))
        for second, offset in enumerate(offsets)
    ]
    return element("1C53BB6B", *points)


def element(name, *parts):
    """An EBML element: its id in hex, its length in eight bytes, its content."""
    content = b"".join(parts)
    return bytes.fromhex(name) + struct.pack(">Q", 1 << 56 | len(content)) + content


def number(name, value):
    return element(name, struct.pack(">Q", value))
