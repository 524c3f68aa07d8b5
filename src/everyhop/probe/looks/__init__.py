"""How a listener of each wire is looked at: which connections, in which order, and what the answers mean together."""
