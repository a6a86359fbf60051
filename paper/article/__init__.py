"""What the paper and the slides show: read from the records in `results/`, by code, when they are built.

`record.py` gathers it, `build.py` writes it as JSON and SVG into `paper/build` and has Typst set the text,
which names what it shows and holds no measured number itself (`texts.py` looks).
"""
