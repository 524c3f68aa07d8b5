"""How HAProxy spells a listener's posture, and what it makes of the servers it dials."""

from everyhop.dialects.haproxy.reading import served, upstreams

__all__ = ["served", "upstreams"]
