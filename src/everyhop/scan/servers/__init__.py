"""The configuration of servers in a tree, as readings: whole configurations out of files, each with its places."""

from everyhop.scan.servers.reading import read

__all__ = ["read"]
