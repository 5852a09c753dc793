"""`python -m llmagentos`: the command line, where its script is not on the path."""

from llmagentos.cli import main

if __name__ == "__main__":
    main()
