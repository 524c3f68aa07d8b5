"""The use cases: one verb per file, without input or output of their own."""
