"""The plaintext beginnings of each wire, as exact bytes: what is sent, and what an answer means. No sockets here."""
