"""A dialect's bounds held against reality: the real driver, real servers, and what is on the wire between them.

`cases` are who may answer a driver; `prediction` is what bounds and notes promise in each; `ground` has the servers of
one product and the attackers before them; `drivers` are the real ones with the spellings that are tried;
`observation` lets one of them connect and looks on; `rows` and `page` make docs/reference/drivers.md of what was seen.
"""
