"""A certificate through time: its versions, when it is due, and the ledger of what was done."""
