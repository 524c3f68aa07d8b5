"""Starts real private servers on loopback, in seconds, and leaves nothing behind.

    with Lab.open("tests") as lab:
        database = postgresql.start(lab)
        database.url          # verified TLS, as a Secret
        database.restart()    # same data, same port

One `Lab` is a private directory, a throw-away authority and a keeper: a small process that starts the servers and
outlives whoever opened the lab by just the moment it takes to end them (`keeper`).
"""
