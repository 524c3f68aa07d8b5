"""What Everyhop keeps of an application: on the application, so that a process may hold several."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from flask import Flask

from everyhop.runtime.browser.headers import Changes, HeaderRules
from everyhop.runtime.browser.middleware import Browser
from everyhop.runtime.browser.settings import BrowserSettings
from everyhop.runtime.guard.guard import Guard

NAME: Final = "everyhop"


@dataclass(frozen=True, slots=True)
class State:
    """The settings as they were parsed, what works by them, and what routes have changed so far."""

    settings: BrowserSettings
    browser: Browser
    guard: Guard
    routes: dict[Changes, HeaderRules] = field(default_factory=dict)

    def rules(self, changes: Changes) -> HeaderRules:
        """The headers of a route with changes of its own, put together once."""
        known = self.routes.get(changes)
        if known is None:
            self.routes[changes] = known = self.settings.headers.changed(changes)
        return known


def state_of(app: Flask) -> State | None:
    """None for an application that Everyhop was never given."""
    state: State | None = app.extensions.get(NAME)
    return state
