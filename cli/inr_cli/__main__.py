"""`python -m inr_cli`: the same as `inr`, where that is not on the path."""

from inr_cli.main import main

if __name__ == "__main__":
    main()
