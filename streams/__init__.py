"""From the bytes of a message to counter rows: decode, merge, count, checkpoint; and the Faust wiring."""

from streams.compiled import search_path

__path__ = search_path(__path__)
