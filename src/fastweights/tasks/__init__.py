"""Tasks, one a file. A new file with a class under `register_task` is a new task everywhere."""
