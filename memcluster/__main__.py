"""`python -m memcluster` is `memcluster`."""

from memcluster.cli import main

if __name__ == "__main__":
    main()
