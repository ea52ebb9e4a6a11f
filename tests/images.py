"""Container images without what one takes for granted, as sandbox directories that Apptainer runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

APK_INSTALLED = """\
C:Q1fNZmPwlKfCtLzvEsVcUPbEXGYIg=
P:musl
V:1.2.5-r0
A:x86_64
S:383152
I:622592
T:the musl c library (libc) implementation
o:musl
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
Z:Q1nFKBLEHQtAdFTJmVzWtMRwJd2aE=

C:Q1gmvPcEHhZQHMzdKYLdNdEQMvmzI=
P:busybox
V:1.36.1-r29
A:x86_64
D:so:libc.musl-x86_64.so.1
p:/bin/sh cmd:busybox=1.36.1-r29
F:bin
R:busybox
a:0:0:755
Z:Q1qtuPNXIkLzRSwVsDjRzwaTGnCvc=
F:etc
R:securetty
Z:Q1mB95Hq2NUTZ599RDiSsj9w5FrOU=

"""
OS_RELEASE = 'NAME="Small"\nID=small\nVERSION_ID=1.0\nPRETTY_NAME="Small 1.0"\n'
CONDA_META = {
    "arch": "x86_64",
    "build": "h50ea8bc_0",
    "build_number": 0,
    "channel": "https://conda.anaconda.org/bioconda/linux-64",
    "constrains": [],
    "depends": ["htslib >=1.19,<1.22.0a0", "libgcc-ng >=12"],
    "files": ["bin/ace2sam", "bin/samtools", "share/man/man1/samtools.1"],
    "fn": "samtools-1.19.2-h50ea8bc_0.tar.bz2",
    "link": {"source": "/opt/conda/pkgs/samtools-1.19.2-h50ea8bc_0", "type": 1},
    "name": "samtools",
    "paths_data": {"paths": [{"_path": "bin/samtools", "path_type": "hardlink"}], "paths_version": 1},
    "subdir": "linux-64",
    "url": "https://conda.anaconda.org/bioconda/linux-64/samtools-1.19.2-h50ea8bc_0.tar.bz2",
    "version": "1.19.2",
}
SPEC = """\
Name: tiny
Version: 1.2
Release: 3
Summary: A program that says its name
License: BSD-3-Clause
Vendor: Nobody
BuildArch: noarch
%description
%{summary}
%install
mkdir -p %{buildroot}/usr/bin
printf '#!/bin/sh\\necho tiny\\n' > %{buildroot}/usr/bin/tiny
chmod 755 %{buildroot}/usr/bin/tiny
%files
/usr/bin/tiny
"""


def need(program: str) -> str:
    """The path of `program`; the test is skipped, by that name, where it is missing."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"there is no {program} on the PATH")
    return found


def bare(root: Path) -> Path:
    """The folders and the one file that Apptainer wants of an image, and nothing in them."""
    for name in ("bin", "usr/bin", "usr/local/bin", "etc", "proc", "sys", "dev", "tmp", "root", "var"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "etc/os-release").write_text(OS_RELEASE)
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    return root


def add_program(root: Path, program: str, target: str) -> None:
    """Copy `program` of this machine to `target`, with the libraries that it is linked with."""
    path = need(program)
    shutil.copy(path, root / target)
    listed = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
    for library in re.findall(r"(/\S+\.so\S*)", listed):
        (root / library[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, root / library[1:])


def add_busybox(root: Path, applets: str) -> None:
    """A static busybox, and links of the names `applets` to it."""
    shutil.copy(need("busybox"), root / "bin/busybox")
    for name in applets.split():
        (root / "bin" / name).symlink_to("busybox")


def add_alpine(root: Path) -> None:
    """The package database of an Alpine system, in its format."""
    (root / "lib/apk/db").mkdir(parents=True)
    (root / "lib/apk/db/installed").write_text(APK_INSTALLED)


def add_conda(root: Path, prefix: str) -> None:
    """A conda package below `prefix`, in the format of conda-meta, and its program."""
    (root / prefix / "conda-meta").mkdir(parents=True)
    (root / prefix / "conda-meta/samtools-1.19.2-h50ea8bc_0.json").write_text(json.dumps(CONDA_META, indent=2))
    (root / prefix / "conda-meta/history").write_text("==> 2024-05-01 12:00:00 <==\n")
    (root / prefix / "bin").mkdir(exist_ok=True)
    (root / prefix / "bin/samtools").write_text("#!/bin/sh\necho samtools\n")
    (root / prefix / "bin/samtools").chmod(0o755)


def add_rpm(root: Path, scratch: Path) -> None:
    """A package that rpmbuild makes and rpm installs, with its database."""
    (scratch / "tiny.spec").write_text(SPEC)
    build, install = need("rpmbuild"), need("rpm")
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([build, "-bb", "--define", f"_topdir {scratch}", scratch / "tiny.spec"], **quiet)  # type: ignore[call-overload]
    (made,) = scratch.glob("RPMS/*/*.rpm")
    words = [install, "--root", root, "--dbpath", "/var/lib/rpm", "-i", "--nodeps", made]
    subprocess.run(words, **quiet)  # type: ignore[call-overload]


def add_python36(root: Path) -> None:
    """A Python 3.6 below /usr/local, from pyenv."""
    versions = sorted(Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions").glob("3.6.*"))
    if not versions:
        pytest.skip("pyenv has no Python 3.6")
    ignore = shutil.ignore_patterns("test", "tests", "*.a", "idlelib", "__pycache__", "share")
    shutil.copytree(versions[-1], root / "usr/local", dirs_exist_ok=True, symlinks=True, ignore=ignore)
    for library in root.glob("usr/local/lib/libpython3.6*.so*"):
        (root / "usr/lib" / library.name).symlink_to(f"/usr/local/lib/{library.name}")


def debian(cache: Path, root: Path) -> Path:
    """Debian's essential packages, without Python; the archive is made once per machine, in `cache`."""
    archive = cache / "essential.tar"
    if not archive.exists():
        partial = archive.with_suffix(".partial.tar")
        options = ["--quiet", "--variant=essential", "--include=bash"]
        subprocess.run([need("mmdebstrap"), *options, "bookworm", partial], check=True)
        partial.rename(archive)
    root.mkdir()
    subprocess.run(["tar", "-C", root, "-xf", archive, "--exclude=./dev/*"], check=True)
    return root
