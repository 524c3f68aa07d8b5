"""One configuration out of many files: `include` lines replaced by what they name, as far as it is there.

nginx looks for a relative name beside its main file (`ngx_conf_full_name`). The files of a project lie elsewhere than
they will on the server, so an absolute name is looked for by its end: `/etc/nginx/snippets/tls.conf` is any
`…/snippets/tls.conf`, those nearest to the including file first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from posixpath import dirname, join, normpath
from typing import Final

from everyhop.dialects.nginx.syntax import Directive, parse
from everyhop.errors import SourceError

MOST: Final = 500
"""Files put into one configuration, each as often as it is included."""

# Files of nginx's packages that say nothing of TLS, headers or upstreams, and Debian's folder of further sites.
_HARMLESS: Final = (
    "mime.types",
    "*_params",
    "*sites-enabled/*",
    "fastcgi.conf",
    "*modules-enabled/*",
    "*/modules/*",
    "fastcgi-php.conf",
)


@dataclass(frozen=True, slots=True)
class Configuration:
    """`files` are all that went into it; `complete` is False where something that is included is not there.

    `whole` is whether it begins with nginx's main file: without it, what stands in `http` around is not known.
    """

    root: Directive
    files: frozenset[str]
    complete: bool
    whole: bool


def joined(main: str, texts: Mapping[str, str]) -> Configuration:
    """The configuration that begins with the file `main`. Raises `SourceError` for a text that is none."""
    root = parse(texts[main], main)
    joining = _Joining(main, texts)
    joining.fill(root, (main,))
    whole = any(child.name == "http" for child in root.body)
    return Configuration(root, frozenset(joining.files), joining.complete, whole)


def included(texts: Mapping[str, str]) -> frozenset[str]:
    """The files that others include; those that cannot be parsed include nothing."""
    found: set[str] = set()
    for name, text in texts.items():
        try:
            directives = parse(text, name).walk() if "include" in text else iter(())
        except SourceError:
            continue
        for directive in directives:
            if directive.name == "include" and directive.arguments:
                found |= {other for other in _named(directive.arguments[0], name, texts) if other != name}
    return frozenset(found)


@dataclass(slots=True)
class _Joining:
    main: str
    texts: Mapping[str, str]
    files: set[str] = field(default_factory=set)
    complete: bool = True
    _left: int = MOST

    def __post_init__(self) -> None:
        self.files.add(self.main)

    def fill(self, block: Directive, chain: tuple[str, ...]) -> None:
        """Put what a block includes in the places of its `include` lines; `chain` are the files on the way here."""
        body: list[Directive] = []
        for child in block.body:
            if child.name == "include" and child.arguments:
                body += self._adopted(child, block, chain)
            else:
                self.fill(child, chain)
                body.append(child)
        block.body = body

    def _adopted(self, include: Directive, block: Directive, chain: tuple[str, ...]) -> list[Directive]:
        written = include.arguments[0]
        names = [name for name in _named(written, chain[-1], self.texts) if name not in chain]
        if not names and not any(fnmatchcase(written, f"*{pattern}") for pattern in _HARMLESS):
            self.complete = False
        adopted: list[Directive] = []
        for name in names:
            if self._left == 0:
                self.complete = False
                break
            self._left -= 1
            self.files.add(name)
            part = parse(self.texts[name], name)
            self.fill(part, (*chain, name))
            for child in part.body:
                child.parent = block
            adopted += part.body
        return adopted


def _named(written: str, here: str, texts: Mapping[str, str]) -> list[str]:
    """The files that an `include` in the file `here` means, in nginx's order (of their names)."""
    beside = normpath(join(dirname(here), written)) if not written.startswith("/") else None
    if beside is not None and (found := sorted(name for name in texts if _matches(name, beside))):
        return found
    parts = [part for part in normpath(written).split("/") if part not in ("", "..")]
    for start in range(len(parts) - 1):  # a folder and a name at least: `*.conf` alone is anybody's
        end = "/".join(parts[start:])
        found = sorted(name for name in texts if _matches(name, end) or _matches(name, f"*/{end}"))
        if found:
            return found
    return []


def _matches(name: str, pattern: str) -> bool:
    """Globs of nginx stop at `/`, but for a leading `*/` that stands for any folders."""
    own = pattern.removeprefix("*/")
    if own != pattern:
        name = "/".join(name.split("/")[-own.count("/") - 1 :])
    return name.count("/") == own.count("/") and fnmatchcase(name, own)
