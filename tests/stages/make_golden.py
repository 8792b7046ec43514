"""Write `golden.json` anew from a run of the small sky.

    python tests/stages/make_golden.py

A stage whose results changed must have its `revision` raised first, so that products of users are made again; else
nothing is written. Where not the stage but its surroundings changed, the small sky itself or a library, `--anyway`
writes the digests under the old revision.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from golden_guard import GOLDEN, TRAINED_ON, read_golden, refreshed, write_golden
from small_sky import whole_project


def main():
    parser = argparse.ArgumentParser(description="Write golden.json anew.")
    parser.add_argument("--anyway", action="store_true", help="the small sky or a library changed, not the stages")
    anyway = parser.parse_args().anyway
    os.environ["KERAS_BACKEND"] = TRAINED_ON
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        run = whole_project(Path(folder) / "sky").run()
        golden, unraised = refreshed(read_golden() if GOLDEN.is_file() else {}, run)
    if unraised and not anyway:
        sys.exit(f"results changed: raise `revision` of {', '.join(unraised)} first (nothing is written)")
    write_golden(golden)


if __name__ == "__main__":
    main()
