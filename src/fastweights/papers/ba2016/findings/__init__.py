"""What the runs say of the published numbers, by fixed rules."""
