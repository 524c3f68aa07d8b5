"""Several listeners at once, told in the order in which they were named."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence

from everyhop.model.location import Location
from everyhop.model.sighting import Gap
from everyhop.model.survey import Survey

Seen = Survey | Gap
Ask = Callable[[Location], Seen]


def survey_all(locations: Sequence[Location], ask: Ask, concurrency: int) -> Iterator[tuple[Location, Seen]]:
    """Ask each listener, at most `concurrency` at a time. Whoever interrupts does not wait for the rest."""
    if len(locations) == 1 or concurrency == 1:
        yield from ((location, ask(location)) for location in locations)
        return
    waiting: queue.SimpleQueue[tuple[Location, queue.SimpleQueue[Seen | BaseException]]] = queue.SimpleQueue()
    answers: list[queue.SimpleQueue[Seen | BaseException]] = [queue.SimpleQueue() for _ in locations]
    for pair in zip(locations, answers, strict=True):
        waiting.put(pair)

    def work() -> None:
        while True:
            try:
                location, answer = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                answer.put(ask(location))
            except BaseException as error:  # noqa: BLE001 - raised again where the answer is taken
                answer.put(error)

    for _ in range(min(concurrency, len(locations))):
        threading.Thread(target=work, name="everyhop-probe", daemon=True).start()
    for location, answer in zip(locations, answers, strict=True):
        seen = answer.get()
        if isinstance(seen, BaseException):
            raise seen
        yield location, seen
