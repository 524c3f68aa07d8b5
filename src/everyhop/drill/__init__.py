"""Attacks one's own application on purpose: relays on the loopback between a dialer and its listener."""
