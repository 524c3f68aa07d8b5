"""How Apache's httpd spells a listener's posture, and what it makes of the upstreams it dials."""

from everyhop.dialects.apache.reading import served, upstreams, versions

__all__ = ["served", "upstreams", "versions"]
