"""The front door: what takes events over HTTP, judges each, and answers when the broker has them."""
