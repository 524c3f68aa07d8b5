"""A dict of TLS options in which more may stand settles nothing."""

import pymysql


def connect(settings, path):
    tls = {"ca": "/ca.pem"}
    tls.update(settings)
    pymysql.connect(host="db.internal", user="app", ssl=tls)  # expect: opportunistic-dial possible
    pymysql.connect(host="db.internal", user="app", ssl={"ca": "/ca.pem"})
