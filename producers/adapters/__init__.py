"""Other vocabularies in the words of ours: one module a format, values in, events out."""
