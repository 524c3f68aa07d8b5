"""What the dialects' notes mean, in a sentence each.

A note is a stable word, with a detail after a colon where there is one (`file-assumed:/etc/ssl/ca.pem`). A refused
option also names what is raised, as far as that is known (`refused-option:sslmod:TypeError`). Everything
that a dialect notes has its sentence here; a test holds the dialects to it.
"""

from __future__ import annotations

from typing import Final

_SENTENCES: Final = {
    "ignored-option": "{detail} has no effect here: it protects nothing",
    "refused-option": "{detail} is not accepted like this: connecting raises {error}",
    "outdated": "before {detail} this driver does not keep what these settings promise",
    "perhaps-outdated": "before {detail} this driver does not keep what these settings promise, and it may be older",
    "server-key": "the client key {detail} is a server's own: whoever has it can pose as that server",
    "perhaps-server-key": "the client key {detail} may be a server's own: certbot names those so",
    "password-in-source": "the password stands in the source",
    "perhaps-password-in-source": "what stands in the source may be the password",
    "default-secret": "without {detail} a password from the source is used",
    "perhaps-default-secret": "without {detail} what stands in the source is used as the password",
    "string-is-true": "{detail}=false in a URL is the text 'false', and every text is true: it does the opposite",
    "rootcert-fallback": "a certificate that fails against sslrootcert makes libpq connect again, in plaintext",
    "home-root-file": "a file ~/.postgresql/root.crt of the user who runs the app changes what this does: "
    "name sslrootcert, then nothing depends on it",
    "root-file-needed": "without sslrootcert the file ~/.postgresql/root.crt has to be there for the user who runs the "
    "app, or no connection succeeds",
    "system-anchors": "the trust anchors are the system's: every public authority is believed, an internal one only if "
    "it was installed there",
    "wheel-anchors": "the binary wheels of libpq look for the system's anchors in a folder that does not exist: set "
    "SSL_CERT_FILE where they are used",
    "system-anchors-too": "ssl_ca is believed beside the system's anchors: every public authority is believed as well",
    "anchors-needed": "without ssl_ca there are no trust anchors here, and no connection succeeds over TLS",
    "strippable-check": "the certificate is looked at only if there is TLS, and nothing insists on that: "
    "whoever answers that there is none gets the connection in plaintext",
    "fails-over-tls": "a server that speaks TLS gets no session: it works only in plaintext, where TLS is off or "
    "where somebody on the path says so",
    "loopback-name": "for 127.0.0.1 and ::1 MariaDB Connector/C 3.4 does not look at the name: "
    "a test on the loopback proves nothing; use 127.0.0.2 or a name",
    "system-is-a-file": "before libpq 16 (Debian 12 has 15) sslrootcert=system is the name of a file",
    "needs-libpq": "an option here exists since libpq {detail}: an older one refuses to connect",
    "channel-bound": "with channel_binding=require the peer proves over this very connection that it holds the "
    "password's verifier: that stops every relay without any CA; it names no server, and ends when a password leaks",
    "clear-password": "a server that asks for the password in clear gets it",
    "mysql-wants-tls": "a MySQL server without TLS refuses this; MariaDB's, and whoever strips TLS, take it",
    "kept-without-tls": "without TLS it keeps the password to itself, whoever asks; inside TLS it does not",
    "on-this-machine": "it leads to this machine's own loopback, at a port that is filled in later",
    "cn-fallback": "a name that stands only in the certificate's CN is believed",
    "client-group": "{detail} stands in [client-server]: every client on that machine takes it as well, and one that "
    "cannot read the file does not connect",
    "option-file": "an option file is read as well: what stands there is not known here",
    "service-file": "a service file is read as well: what stands there is not known here",
    "server-setting": "asyncpg sends {detail} to the server as a setting of the session: the server ends the session "
    "over it, but only after the login",
    "gss-encryption": "Kerberos encrypts here, in the place of TLS: how well is not judged",
    "key-log": "sslkeylogfile writes the session keys to a file: whoever has that and the traffic can read it all",
    "direct-tls-alpn": "direct_tls with a context of one's own needs set_alpn_protocols(['postgresql']), or the server "
    "ends the connection",
    "unmeasured-version": "what this driver before {detail} does was not measured: it may be anything",
    "unresolved-options": "some options are known only at run time",
    "unknown-driver": "everyhop does not know yet what {detail} makes of its settings",
    "django-driver": "Django takes psycopg 3 where it is installed, else psycopg2: libpq reads the options of both",
    "libpq-text": "no driver is named, and psycopg is assumed: every driver on libpq reads this alike, and SQLAlchemy "
    "takes neither postgres://, nor several hosts before the path, nor key=value",
    "shown-in": "it stands in {detail}: nobody deploys it",
    "driver-assumed": "no driver is named: SQLAlchemy 2.1 takes {detail} (2.0 took psycopg2)",
}

_QUIET: Final = frozenset({"file-assumed"})
"""Notes that are told elsewhere, among what was assumed."""


def known(note: str) -> bool:
    """Whether this is a note of a dialect's."""
    return note.partition(":")[0] in _SENTENCES.keys() | _QUIET


def told(note: str) -> str | None:
    """The sentence; None for a note that is told elsewhere, the note itself where nothing is known of it."""
    kind, _, detail = note.partition(":")
    if kind in _QUIET:
        return None
    sentence = _SENTENCES.get(kind)
    if sentence is None:
        return note
    error = ""
    if kind == "refused-option":
        detail, _, error = detail.partition(":")
    return sentence.format(detail=detail, error=error or "an error")
