"""A report as text, JSON, one HTML page, and what build servers read: spellings of the same values, one in a file."""
