"""How nginx spells a listener's posture: `read` and `write` of the `server` blocks of one site.

There is no template. `write` edits the text that is there, at the exact places that `syntax` finds, so that
locations, upstreams, comments and everything else that everyhop has no opinion on stay as they are.
"""

from everyhop.dialects.nginx.posture import read
from everyhop.dialects.nginx.site import Site
from everyhop.dialects.nginx.writing import write

__all__ = ["Site", "read", "write"]
