"""What one live connection leaves possible for the dialer that opened it."""

from dataclasses import replace

import pytest

from everyhop.dialects.registry import from_keywords, read
from everyhop.model.posture import Assurance, Floor
from everyhop.runtime.bounds import observed
from everyhop.runtime.connection import look
from everyhop.runtime.live import Checks, Live, Unasked

CLEAR = Live("psycopg2", tls=False, parameters={"sslmode": "prefer"}, host="db.internal", port=5432)
INSIDE = replace(CLEAR, tls=True, version="TLSv1.3", suite="TLS_AES_256_GCM_SHA384", checks=Checks(chain=False))
UNCHECKED, CHECKED = Checks(chain=False), Checks(chain=True)
PYTHON = Live("pymysql", tls=True, version="TLSv1.3", minimum="TLSv1.2", host="db.internal", port=3306)


def assurances(live: Live) -> tuple[str, str]:
    bounds = observed(live, build="17.11")
    return bounds.low.assurance.word, bounds.high.assurance.word


@pytest.mark.parametrize(
    ("parameters", "checks", "expected"),
    [
        ({"sslmode": "prefer"}, UNCHECKED, "opportunistic"),
        ({"sslmode": "prefer", "sslrootcert": "/etc/ssl/ca.pem"}, CHECKED, "opportunistic"),
        ({"sslmode": "require"}, UNCHECKED, "encrypted"),
        ({"sslmode": "require", "sslrootcert": "/etc/ssl/ca.pem"}, CHECKED, "verify-ca"),
        ({"sslmode": "verify-ca", "sslrootcert": "/etc/ssl/ca.pem"}, CHECKED, "verify-ca"),
        ({"sslmode": "verify-full", "sslrootcert": "/etc/ssl/ca.pem"}, CHECKED, "verify-full"),
    ],
)
def test_libpq_with_tls_is_exact(parameters: dict[str, str], checks: Checks, expected: str) -> None:
    """The settings in effect and the TLS object together leave one assurance."""
    live = replace(INSIDE, parameters=parameters, checks=checks)
    assert assurances(live) == (expected, expected)


def test_a_root_certificate_that_was_not_loaded_counts_for_nothing() -> None:
    """Trap 4: `require` with a mistyped path verifies nothing, whatever the settings say."""
    live = replace(INSIDE, parameters={"sslmode": "require", "sslrootcert": "/etc/ssl/typo.pem"})
    assert assurances(live) == ("encrypted", "encrypted")


def test_a_root_certificate_that_libpq_found_by_itself_counts() -> None:
    """Trap 4 again: `require` verifies the chain where the service's user has a root.crt in its home."""
    live = replace(INSIDE, parameters={"sslmode": "require"}, checks=Checks(chain=True))
    assert assurances(live) == ("verify-ca", "verify-ca")


@pytest.mark.parametrize("mode", ["prefer", "require", "verify-full"])
def test_plaintext_is_never_more_than_opportunistic(mode: str) -> None:
    """A dialer that insists on TLS has no connection in plaintext: whatever the settings claim."""
    _, high = assurances(replace(CLEAR, parameters={"sslmode": mode}))
    assert high == "opportunistic"


def test_disable_is_plaintext_exactly() -> None:
    """And not also opportunistic."""
    assert assurances(replace(CLEAR, parameters={"sslmode": "disable"})) == ("plaintext", "plaintext")


def test_allow_that_met_an_insisting_server_still_starts_in_plaintext() -> None:
    """Trap 2: TLS on this connection is the server's doing."""
    assert assurances(replace(INSIDE, parameters={"sslmode": "allow"})) == ("plaintext", "plaintext")


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"])
def test_what_a_connection_shows_never_excludes_the_settings_that_it_was_opened_with(mode: str) -> None:
    """No drift where nothing drifted: the dialect's reading of the settings lies within what is observed."""
    parameters = {"sslmode": mode, "sslrootcert": "/etc/ssl/ca.pem", "host": "db.internal"}
    declared = read(from_keywords("psycopg2", parameters, build="17.11")).bounds
    tls = declared.low.assurance > Assurance.PLAINTEXT
    live = replace(INSIDE if tls else CLEAR, parameters=parameters, checks=Checks(chain=True) if tls else None)
    assert observed(live, "17.11").narrow(declared) is not None


@pytest.mark.parametrize(
    ("checks", "most"),
    [
        (Checks(chain=False, name=False), "encrypted"),
        (Checks(chain=True, name=False), "verify-ca"),
        (Checks(chain=True, name=True), "verify-full"),
        (None, "verify-full"),
    ],
)
def test_a_context_of_python_bounds_the_assurance_from_above(checks: Checks | None, most: str) -> None:
    """The context does not know whether its driver would have gone on without TLS: the dialect does."""
    assert assurances(replace(PYTHON, checks=checks)) == ("opportunistic", most)


def test_the_floor_is_what_the_context_says() -> None:
    """Exactly, where it does; and never above the version in use, where it does not."""
    assert {b.floor for b in (observed(PYTHON).low, observed(PYTHON).high)} == {Floor.TLS_1_2}
    silent = observed(replace(PYTHON, minimum=None, version="TLSv1.2"))
    assert (silent.low.floor, silent.high.floor) == (Floor.NONE, Floor.TLS_1_2)


def test_only_a_verified_name_makes_a_verified_connection() -> None:
    """The server's own settings are asked for over no other."""
    assert replace(PYTHON, checks=Checks(chain=True, name=True)).identity_verified
    assert replace(INSIDE, parameters={"sslmode": "verify-full"}, checks=Checks(chain=True)).identity_verified
    assert not replace(INSIDE, parameters={"sslmode": "verify-full"}).identity_verified
    assert not replace(INSIDE, parameters={"sslmode": "verify-ca"}, checks=Checks(chain=True)).identity_verified
    assert not replace(CLEAR, parameters={"sslmode": "verify-full"}).identity_verified
    assert not replace(PYTHON, checks=Checks(chain=True, name=False)).identity_verified


def test_a_connection_of_an_unknown_driver_is_not_guessed_at() -> None:
    """ "I don't know" is a value."""
    seen = look(object())
    assert isinstance(seen, Unasked)
    assert seen.driver == "builtins"
