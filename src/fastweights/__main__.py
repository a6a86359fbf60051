"""`python -m fastweights`: the command line."""

from fastweights.cli import main

if __name__ == "__main__":
    main()
