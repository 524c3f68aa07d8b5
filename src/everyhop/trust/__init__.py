"""Spreads anchors: one file for each kind of store."""
