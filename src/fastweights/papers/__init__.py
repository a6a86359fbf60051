"""Published claims, one a folder: what the paper did, what it printed, and what we say of it."""
