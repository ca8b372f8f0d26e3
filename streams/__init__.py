"""From the bytes of a message to counter rows: decode, merge, count, checkpoint; and the Faust wiring."""
