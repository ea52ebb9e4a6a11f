"""The workflow runs, its results are the same a second time, and its crate is valid: python -m pytest tests"""

import subprocess
from pathlib import Path

SNAKEFILE = Path(__file__).parent.parent / "workflow/Snakefile"


def run(folder: Path) -> Path:
    """The crate of a run of the workflow in `folder`."""
    crate = folder / "out.crate.zip"
    command = ["provcap", "run", "-d", str(folder), "--crate", str(crate), "--", "-s", str(SNAKEFILE), "--cores", "1"]
    subprocess.run(command, check=True)
    return crate


def test_the_crate_is_valid_and_a_second_run_gives_the_same(tmp_path: Path) -> None:
    """`provcap check` accepts the crate; `provcap compare` finds nothing but identical results in another run."""
    crates = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        crates.append(str(run(tmp_path / name)))
    subprocess.run(["provcap", "check", crates[0]], check=True)
    subprocess.run(["provcap", "compare", *crates], check=True)
