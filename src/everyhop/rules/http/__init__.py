"""Rules about the hop that a browser sees."""
