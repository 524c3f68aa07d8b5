"""Values to readings: where a project opens connections, and which listeners it describes."""
