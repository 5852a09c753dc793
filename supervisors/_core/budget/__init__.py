"""What a subtree may use: quantities, paces, fair shares, ceilings and the ledger of allowances. Pure."""
