"""What was done with certificates, for ever: entries that are only ever added, each bound to all before it.

Change, remove or reorder one, and `verify` names the first that does not fit. Two things it cannot see from the entries
alone, because nothing secret goes into a digest: that the last ones were cut off, and that somebody who may write
everything has written everything anew from some entry on. A `Witness`, the last digest noted in another place, shows
both.
"""
