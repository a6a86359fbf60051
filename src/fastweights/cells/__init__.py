"""Recurrent cells, one a file. A new file with a class under `register_cell` is a new model everywhere."""
