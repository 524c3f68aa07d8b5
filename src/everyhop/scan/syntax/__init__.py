"""Text in, values with exact places out: each parser takes a string and raises `Unparsed` for what it refuses."""
