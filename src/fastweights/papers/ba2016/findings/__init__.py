"""What the runs say of the published numbers, by rules fixed beforehand."""
