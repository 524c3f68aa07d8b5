"""Which requests may stay on plain HTTP: by their path, or by what the framework makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

Predicate = Callable[[Mapping[str, Any]], bool]
"""Asked with a request's WSGI environment."""

HEALTH: Final = "health"
HEALTH_PATHS: Final = frozenset(
    {"/health", "/healthz", "/health/live", "/health/ready", "/livez", "/readyz", "/live", "/ready", "/ping", "/up"}
)
"""Where load balancers, Kubernetes (its documentation: /livez, /readyz, /healthz) and Rails' habit (/up) look."""

_ASKING: Final = frozenset({"GET", "HEAD"})


def as_wsgi(path: str) -> str:
    """A path as `PATH_INFO` holds it: the bytes of its UTF-8, a character each (PEP 3333)."""
    return path.encode().decode("latin-1")


@dataclass(frozen=True, slots=True)
class Exemptions:
    """Paths that are exempt as they are, prefixes (`/probe/*`, kept as `/probe/`), and questions to ask.

    `endpoints` and `blueprints` are names for the framework to resolve: here they are only kept.
    """

    paths: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    predicates: tuple[Predicate, ...] = ()
    endpoints: frozenset[str] = frozenset()
    blueprints: frozenset[str] = frozenset()
    health: bool = False

    @classmethod
    def parse(cls, written: Iterable[Any]) -> Exemptions:
        """From `/path`, `/prefix/*`, `endpoint:NAME`, `blueprint:NAME`, `health` and callables.

        Raises `ValueError` for what is none of these, and for what would exempt everything.
        """
        paths, prefixes, predicates, endpoints, blueprints = set(), [], [], set(), set()
        health = False
        for item in written:
            if callable(item):
                predicates.append(item)
                continue
            if not isinstance(item, str):
                raise ValueError(f"{item!r} is neither text nor a function")
            kind, colon, name = item.partition(":")
            if item == HEALTH:
                health = True
            elif kind == "endpoint" and colon and name:
                endpoints.add(name)
            elif kind == "blueprint" and colon and name:
                blueprints.add(name)
            elif item in {"/*", "*"}:
                raise ValueError(f"{item!r} exempts everything")
            elif item.startswith("/") and item.endswith("/*") and "*" not in item[:-1]:
                prefixes.append(as_wsgi(item[:-1]))
            elif item.startswith("/") and "*" not in item:
                paths.add(as_wsgi(item))
            else:
                raise ValueError(f"{item!r} exempts nothing")
        return cls(
            frozenset(paths), tuple(prefixes), tuple(predicates), frozenset(endpoints), frozenset(blueprints), health
        )

    def cover(self, method: str, path: str, environ: Mapping[str, Any]) -> bool:
        """Whether the request may stay on plain HTTP. `path` is PATH_INFO: without the mount point."""
        if path in self.paths or (self.health and method in _ASKING and path in HEALTH_PATHS):
            return True
        # What a browser or a proxy would make of /probe/../admin is not known here.
        if self.prefixes and path.startswith(self.prefixes) and not {"..", "."} & set(path.split("/")):
            return True
        return any(predicate(environ) for predicate in self.predicates)
