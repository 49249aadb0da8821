"""`python -m inr`: the same as `inr`, where that is not on the path. The library itself knows nothing of commands."""

import runpy

if __name__ == "__main__":
    runpy.run_module("inr_cli", run_name="__main__", alter_sys=True)
