"""Looks at the running application: its engines, opened in its own interpreter, and what their connections tell.

Half of this package runs in the application's process (`child`, `asking`, `application`, `engines`, `dialing`,
`live`, `connection`, `python_tls`, `connector_c`, `libpq`, `installed`, `root_file`, `server_view`, `failure`,
`hiding`): those modules import the standard library and `everyhop.model.secret`, nothing else, and are written for
Python 3.10 and later. `secure` makes engines for the application, `guard` watches over those that it makes itself.
"""
