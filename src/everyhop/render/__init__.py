"""A report as text, JSON or one HTML page: three spellings of the same values."""
