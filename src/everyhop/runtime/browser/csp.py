"""Content-Security-Policy: read strictly, and written once with gaps where a request's nonce goes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from everyhop.model.nearest import did_you_mean

DIRECTIVES: Final = frozenset({
    "base-uri", "block-all-mixed-content", "child-src", "connect-src", "default-src", "fenced-frame-src", "font-src",
    "form-action", "frame-ancestors", "frame-src", "img-src", "manifest-src", "media-src", "object-src", "prefetch-src",
    "report-to", "report-uri", "require-trusted-types-for", "sandbox", "script-src", "script-src-attr",
    "script-src-elem", "style-src", "style-src-attr", "style-src-elem", "trusted-types", "upgrade-insecure-requests",
    "webrtc", "worker-src",
})  # fmt: skip
"""CSP Level 3 (W3C working draft), Trusted Types, Upgrade Insecure Requests, and what is still known of Level 2."""

# Keywords that, without their quotes, are the names of hosts.
_KEYWORDS: Final = frozenset({
    "none", "self", "strict-dynamic", "unsafe-inline", "unsafe-eval", "unsafe-hashes", "wasm-unsafe-eval",
    "report-sample", "inline-speculation-rules", "script",
})  # fmt: skip
_QUOTED: Final = re.compile(r"'(?P<word>[^']+)'")
_HASH_OR_NONCE: Final = re.compile(r"(?:nonce|sha256|sha384|sha512)-[A-Za-z0-9+/_=-]+")
_WORD: Final = re.compile(r"[!-+\--:<-~]+")  # visible ASCII without , and ;
_TAKES_WORDS: Final = frozenset({"sandbox", "trusted-types", "report-to", "report-uri", "webrtc"})
_NONCE: Final = "'nonce-{}'"
_TAKES_NONCE: Final = frozenset({"default-src", "script-src", "script-src-elem", "style-src", "style-src-elem"})


@dataclass(frozen=True, slots=True)
class Policy:
    """Directives with their sources, in the order in which they were written."""

    directives: tuple[tuple[str, tuple[str, ...]], ...]

    @classmethod
    def parse(cls, written: str | Mapping[str, Any]) -> Policy:
        """From the header's own text, or a mapping of directives to text or a list. Raises `ValueError`."""
        if isinstance(written, str):
            parts = [part.split() for part in written.split(";") if part.strip()]
            pairs = [(name.lower(), tuple(words)) for name, *words in parts]
        else:
            pairs = [(str(name).lower(), _words(value)) for name, value in written.items()]
        for name, words in pairs:
            if name not in DIRECTIVES:
                raise ValueError(f"there is no directive {name!r}{did_you_mean(name, DIRECTIVES)}")
            for word in words:
                _judge(name, word)
        names = [name for name, _ in pairs]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{name} stands twice, and browsers read the first alone")
        if not pairs:
            raise ValueError("a policy without directives allows everything")
        return cls(tuple(pairs))

    def __str__(self) -> str:
        return "; ".join(" ".join((name, *words)) for name, words in self.directives)

    def template(self, nonce_in: Iterable[str]) -> tuple[str, ...]:
        """The header's text, cut where a nonce goes: join it with the nonce. One part: there is none.

        Raises `ValueError` for a directive that is not in this policy, or takes no nonce.
        """
        wanted = frozenset(nonce_in)
        there = dict(self.directives)
        for name in wanted:
            if name not in _TAKES_NONCE:
                raise ValueError(f"{name} takes no nonce")
            if name not in there:
                raise ValueError(f"{name} is not in the policy, so no nonce can stand in it")
            if "'none'" in there[name]:
                raise ValueError(f"{name} is 'none', and a nonce beside that is ignored")
        before, _, after = _NONCE.partition("{}")
        text: list[str] = [""]
        for number, (name, words) in enumerate(self.directives):
            text[-1] += ("; " if number else "") + " ".join((name, *words))
            if name in wanted:
                text[-1] += " " + before
                text.append(after)
        return tuple(text)


def _words(value: Any) -> tuple[str, ...]:
    if value is None or value is True:
        return ()
    if isinstance(value, str):
        return tuple(value.split())
    if isinstance(value, Iterable):
        return tuple(str(word) for word in value)
    raise ValueError(f"{value!r} is neither text nor a list")


def _judge(name: str, word: str) -> None:
    if not _WORD.fullmatch(word):
        raise ValueError(f"{name}: {word!r} cannot stand in a policy")
    if word.lower() in _KEYWORDS and name not in _TAKES_WORDS:
        raise ValueError(f"{name}: {word} is a host's name like this; the keyword is '{word}', in quotes")
    if "'" in word:
        quoted = _QUOTED.fullmatch(word)
        if quoted is None:
            raise ValueError(f"{name}: {word!r} has a quote too few")
        inner = quoted["word"]
        known = inner.lower() in _KEYWORDS or inner.startswith("allow-") or _HASH_OR_NONCE.fullmatch(inner)
        if not known:
            raise ValueError(f"{name}: there is no keyword {word}{did_you_mean(inner, _KEYWORDS)}")
        if inner.startswith("nonce-"):
            raise ValueError(f"{name}: a nonce that stands in the settings is known to everybody")
