"""The kernel: actors, mailboxes, refs, links, asks and the hosts that run them."""
