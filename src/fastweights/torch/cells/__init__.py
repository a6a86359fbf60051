"""One recurrence a file, as in `fastweights.cells`."""
