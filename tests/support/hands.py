"""A clock that is set by hand."""


class Hands:
    """Stands still until somebody moves it."""

    def __init__(self, now=0.0):
        self.now = now

    def monotonic_s(self):
        return self.now

    def now_ms(self):
        return round(self.now * 1000)
