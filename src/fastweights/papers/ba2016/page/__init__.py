"""The tables, the figures and the page of the verification."""
