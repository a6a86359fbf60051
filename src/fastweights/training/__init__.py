"""Training: one update, many updates in one compiled call, evaluation, checkpoints."""
