"""What an earlier scan of an unchanged tree came to, kept on this machine.

One record for each tree and way of asking. A record is sealed with a key that is made of the state of every file the
scan would read: who does not have the tree as it was cannot read it, and no question is left whether it still holds.
"""
