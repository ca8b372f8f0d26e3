"""The development ClickHouse: the embedded engine behind the native and HTTP protocols on loopback.

It is the genuine engine with a home-made front, for development and CI, and says so to clients.
"""
