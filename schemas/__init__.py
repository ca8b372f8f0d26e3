"""The nouns that every room shares: events, reasons, topics, tables, rules. Imports nothing of ours."""
