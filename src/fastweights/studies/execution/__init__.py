"""Who carries a study out: the coordinator, its scheduler, and the executors that run its runs."""
