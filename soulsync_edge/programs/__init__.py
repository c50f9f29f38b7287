"""One module per process: the only places that put the parts together."""
