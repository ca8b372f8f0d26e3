"""From the bytes of a message to counter rows: decode, merge, count, checkpoint (pure), and the Faust wiring."""
