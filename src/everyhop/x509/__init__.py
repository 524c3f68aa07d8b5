"""What a chain says (`parse`), whether it leads to an anchor (`path`), and for which names it stands (`names`)."""
