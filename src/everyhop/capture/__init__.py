"""Looks at bytes that crossed a hop, and tells what anybody on the path reads in them."""
