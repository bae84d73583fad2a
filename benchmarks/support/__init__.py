"""What the measurements share: the process that is measured, the stock library beside ours, stores, tables of figures."""
