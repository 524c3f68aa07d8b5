"""Looks at live listeners from outside: exact bytes, one deadline, capped, and never a login."""
