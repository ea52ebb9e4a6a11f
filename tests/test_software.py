"""What is found installed: in images that lack one thing or another, and beside what the managers themselves say."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from provcap.capture import shellscope, tools
from provcap.model import Environment, Job, Run
from tests import images, workflows
from tests.engines import ROOT

PROBE = ROOT / "src/provcap/capture/probe"
RULE = """
{first}
container: "{image}"
rule a:
    output: "a"
    shell: {command!r}
"""


def run_in(image: Path, workdir: Path, command: str, first: str = "", *words: str) -> tuple[Run, Job, Environment]:
    """Run one job in `image`; the run, the job and its environment."""
    workflows.write(workdir, RULE.format(image=image, command=command, first=first))
    done = workflows.snakemake(workdir, "--use-singularity", *words)
    assert done.returncode == 0, done.stderr
    run = workflows.latest(workdir)
    (job,) = run.jobs
    return run, job, next(e for e in run.environments if e.id == job.environment)


def versions(environment: Environment, manager: str) -> dict[str, str]:
    return {p.name: p.version for p in environment.packages if p.manager == manager}


def named(job: Job) -> dict[str, tuple[str, str | None, str | None]]:
    return {tool.name: (tool.path, tool.package, tool.version) for tool in job.tools}


@pytest.fixture(scope="session")
def debian(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """Debian without Python."""
    return images.debian(request.config.cache.mkdir("images"), tmp_path_factory.mktemp("images") / "debian")  # type: ignore[union-attr]


@pytest.mark.apptainer
def test_debian_without_python(debian: Path, tmp_path: Path) -> None:
    """Without Python, the packages are dpkg's own list, Perl's version is known, and a tool has the package of the
    program that Debian's alternatives lead to."""
    done = subprocess.run(
        ["dpkg-query", f"--admindir={debian}/var/lib/dpkg", "-W", "-f", "${Package} ${Version}\n"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    run, job, environment = run_in(debian, tmp_path, "awk 'BEGIN {{print 1}}' | sort -n > {output} && cp {output} b")
    assert versions(environment, "deb") == dict(line.split() for line in done.stdout.splitlines())
    assert (environment.collector, environment.os_id) == ("sh", "debian")
    assert [i.language for i in environment.interpreters] == ["Perl"]
    mawk, core = versions(environment, "deb")["mawk"], versions(environment, "deb")["coreutils"]
    assert named(job) == {
        "awk": ("/usr/bin/awk", "mawk", mawk),
        "sort": ("/usr/bin/sort", "coreutils", core),
        "cp": ("/usr/bin/cp", "coreutils", core),
    }
    assert "no-python-in-image" in {g.slug for g in run.gaps}


@pytest.mark.apptainer
def test_python_36(debian: Path, tmp_path: Path) -> None:
    """A Python 3.6 collects itself what is there."""
    images.add_python36(debian)
    _, job, environment = run_in(debian, tmp_path, "python3.6 -c 'import sys; print(sys.version)' > {output}")
    version = (tmp_path / "a").read_text().split()[0]
    (python,) = [i for i in environment.interpreters if i.language == "Python"]
    assert (environment.collector, python.version, python.path) == (
        f"python {version}",
        version,
        "/usr/local/bin/python3.6",
    )
    assert {"pip", "setuptools"} <= set(versions(environment, "pypi"))
    assert "coreutils" in versions(environment, "deb")
    assert named(job)["python3.6"] == ("/usr/local/bin/python3.6", None, None)


@pytest.mark.apptainer
def test_bash_alone(tmp_path: Path) -> None:
    """An image with bash and not one other program, no sh either: its package database is read with bash's own words."""
    image = images.bare(tmp_path / "image")
    images.add_program(image, "bash", "bin/bash")
    images.add_alpine(image)
    images.add_conda(image, "usr/local")
    _, _, environment = run_in(image, tmp_path / "run", "echo there >{output}")
    assert environment.os_name == "Small 1.0"
    assert versions(environment, "apk") == {"musl": "1.2.5-r0", "busybox": "1.36.1-r29"}
    assert versions(environment, "conda") == {"samtools": "1.19.2=h50ea8bc_0"}


@pytest.mark.apptainer
def test_busybox_sh_alone(tmp_path: Path) -> None:
    """An image with busybox's sh and neither bash nor Python."""
    image = images.bare(tmp_path / "image")
    images.add_busybox(image, "sh")
    images.add_alpine(image)
    _, job, environment = run_in(image, tmp_path / "run", "echo there >{output}", 'shell.executable("/bin/sh")')
    assert versions(environment, "apk") == {"musl": "1.2.5-r0", "busybox": "1.36.1-r29"}
    assert (environment.collector, job.network) == ("sh", "open")


@pytest.mark.apptainer
def test_alpine_tools_and_conda(tmp_path: Path) -> None:
    """A name that is a link to busybox belongs to the package busybox; a program of a conda prefix to its package,
    with channel and build; and without a network the record says so."""
    image = images.bare(tmp_path / "image")
    images.add_busybox(image, "sh ls grep cat awk")
    images.add_program(image, "bash", "bin/bash")
    images.add_alpine(image)
    images.add_conda(image, "usr/local")
    command = "samtools | awk '{{print}}' >{output}; missing=$(cat {output})"
    _, job, environment = run_in(image, tmp_path / "run", command, "", "--singularity-args=--net --network none")
    (samtools,) = [p for p in environment.packages if p.manager == "conda"]
    assert (samtools.origin, samtools.architecture) == (images.CONDA_META["url"], "linux-64")
    assert named(job) == {
        "samtools": ("/usr/local/bin/samtools", "samtools", "1.19.2=h50ea8bc_0"),
        "awk": ("/bin/awk", "busybox", "1.36.1-r29"),
        "cat": ("/bin/cat", "busybox", "1.36.1-r29"),
    }
    assert job.network == "closed"


@pytest.mark.apptainer
def test_rpm_database(tmp_path: Path) -> None:
    """The packages in RPM's database are known in an image that has neither rpm nor Python, and own their programs."""
    image = images.bare(tmp_path / "image")
    images.add_busybox(image, "sh ls grep cat")
    images.add_program(image, "bash", "bin/bash")
    images.add_rpm(image, tmp_path)
    _, job, environment = run_in(image, tmp_path / "run", "tiny > {output}")
    (tiny,) = [p for p in environment.packages if p.manager == "rpm"]
    assert (tiny.version, tiny.architecture, tiny.origin) == ("1.2-3", "noarch", "Nobody")
    assert named(job) == {"tiny": ("/usr/bin/tiny", "tiny", "1.2-3")}


def test_rpm_tells_the_same_as_its_database(tmp_path: Path) -> None:
    """What rpm prints for the probe and what its database holds give the same packages."""
    root = images.bare(tmp_path / "image")
    images.add_rpm(root, tmp_path)
    collect = runpy.run_path(str(PROBE / "collect.py"))
    stored = list(collect["rpm_database"](str(root / "var/lib/rpm/rpmdb.sqlite")))
    query = "%{NAME}\\t%{VERSION}-%{RELEASE}\\t%{ARCH}\\t%{VENDOR}\\n[\\t%{FILENAMES}\\n]"
    assert query in (PROBE / "probe.sh").read_text()
    words = ["rpm", "--root", root, "--dbpath", "/var/lib/rpm", "-qa", "--qf", query]
    printed = subprocess.run(words, capture_output=True, check=True).stdout
    (tmp_path / "rpm.tsv").write_bytes(printed)
    (tmp_path / "raw").write_text("")
    assert list(collect["rpm_packages"](collect["Copied"](str(tmp_path / "raw")))) == stored


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox sh"])
def test_fallback_finds_what_python_finds(tmp_path: Path, shell: str) -> None:
    """On this machine, the shell's way to Debian, R and conda packages and to tools gives what Python's way gives."""
    words = shell.split()
    images.need(words[0])
    variables = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    subprocess.run([sys.executable, PROBE / "collect.py", tmp_path / "o.json"], env=variables, check=True)
    sourced = f'_provcap_probe=/nonexistent; set -- "$1"; . {PROBE}/probe.sh'  # finds no collector for a Python
    subprocess.run([*words, "-c", sourced, "sh", tmp_path], env=variables, check=True)
    mine = json.loads((tmp_path / "o.json").read_text())
    theirs = runpy.run_path(str(PROBE / "collect.py"))["collect"](str(tmp_path / "raw"))

    def installed(found: dict[str, Any]) -> list[Any]:
        return [p for p in found["packages"] if p["manager"] != "pypi"]

    assert installed(theirs) == installed(mine)
    owned = {path: owner for path, owner in mine["commands"].items() if owner[2] != "pypi"}
    assert {path: theirs["commands"].get(path) for path in owned} == owned
    assert theirs["commands"]["/usr/bin/sort"][0] == "coreutils"


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
    done = subprocess.run(["git", "-C", folder, *identity, *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


BACKEND = """
import os, zipfile
def build_wheel(folder, *_, body="def main(): pass\\n", path="{name}.py"):
    info = "{name}-1.0.dist-info/"
    files = {{path: body, info + "METADATA": "Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n",
             info + "WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
             info + "entry_points.txt": "[console_scripts]\\n{name}-run = {name}:main\\n"}}
    files[info + "RECORD"] = "".join(f + ",,\\n" for f in [*files, info + "RECORD"])
    with zipfile.ZipFile(os.path.join(folder, "{name}-1.0-py3-none-any.whl"), "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
    return "{name}-1.0-py3-none-any.whl"
def build_editable(folder, *_):
    return build_wheel(folder, body=os.getcwd(), path="__editable__.{name}.pth")
"""


def make_project(folder: Path, name: str) -> None:
    """A project that builds itself without any other."""
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(
        "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
        f"[project]\nname = '{name}'\nversion = '1.0'\n"
    )
    (folder / "backend.py").write_text(BACKEND.format(name=name))


def test_origins_are_those_of_pip_freeze(tmp_path: Path) -> None:
    """A distribution from VCS, an editable checkout (of a subdirectory, too), an editable folder and an archive have the
    origin that `pip freeze` writes, and own their console scripts."""
    make_project(tmp_path / "repo", "frombranch")
    make_project(tmp_path / "repo/sub/inner", "inner")
    make_project(tmp_path / "loose", "loose")
    make_project(tmp_path / "plain", "plain")
    git(tmp_path / "repo", "init", "-q", "-b", "main")
    git(tmp_path / "repo", "add", ".")
    git(tmp_path / "repo", "commit", "-qm", "first")
    git(tmp_path, "clone", "-q", str(tmp_path / "repo"), "clone")
    git(tmp_path / "clone", "remote", "set-url", "origin", "https://user:secret@example.org/repo.git")
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    (site,) = venv.glob("lib/python3*/site-packages")
    (site / "shared.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")  # has pip
    pip = [venv / "bin/python", "-m", "pip", "--disable-pip-version-check"]
    install = [*pip, "install", "-q", "--no-build-isolation", "--no-deps", "--no-index"]
    subprocess.run([*install, f"git+file://{tmp_path}/repo", "-e", tmp_path / "clone/sub/inner"], check=True)
    subprocess.run([*install, "-e", tmp_path / "loose", tmp_path / "plain"], check=True)
    frozen = subprocess.run([*pip, "freeze"], capture_output=True, text=True, check=True).stdout.splitlines()
    variables = {"PATH": f"{venv}/bin:/usr/bin:/bin", "HOME": str(tmp_path)}
    subprocess.run([venv / "bin/python", PROBE / "collect.py", tmp_path / "o.json"], env=variables, check=True)
    found = json.loads((tmp_path / "o.json").read_text())
    mine = {p["name"]: p for p in found["packages"] if p["manager"] == "pypi"}
    commit = git(tmp_path / "repo", "rev-parse", "HEAD")
    assert f"frombranch @ {mine['frombranch']['origin']}" in frozen
    assert mine["frombranch"]["origin"] == f"git+file://{tmp_path}/repo@{commit}"
    assert f"plain @ {mine['plain']['origin']}" in frozen
    expected = f"git+https://example.org/repo.git@{commit}#egg=inner&subdirectory=sub/inner"
    assert (mine["inner"]["origin"], mine["inner"]["editable"]) == (expected, True)
    assert f"-e {expected.replace('//', '//user:secret@', 1)}" in frozen  # pip shows the password
    assert (mine["loose"]["origin"], mine["loose"]["editable"]) == (f"file://{tmp_path}/loose", True)
    assert {p: found["commands"][f"{venv}/bin/{p}-run"][0] for p in mine if f"{venv}/bin/{p}-run" in found["commands"]} == {
        name: name for name in ("frombranch", "inner", "loose", "plain")
    }  # fmt: skip


def test_develop_links_and_eggs(tmp_path: Path) -> None:
    """What `setup.py develop` and `easy_install` of old left behind counts, too."""
    site = tmp_path / "site"
    (tmp_path / "checkout/old.egg-info").mkdir(parents=True)
    (tmp_path / "checkout/old.egg-info/PKG-INFO").write_text("Metadata-Version: 1.0\nName: old\nVersion: 0.1\n")
    (site / "packed-2.0-py3.6.egg/EGG-INFO").mkdir(parents=True)
    (site / "packed-2.0-py3.6.egg/EGG-INFO/PKG-INFO").write_text("Name: packed\nVersion: 2.0\n\nVersion: 9\n")
    (site / "single-3.0.egg-info").write_text("Name: single\nVersion: 3.0\n")
    (site / "old.egg-link").write_text(f"{tmp_path}/checkout\n.")
    module = runpy.run_path(str(PROBE / "collect.py"))
    found = list(module["pypi_packages"](module["Files"](), [str(site), str(site / "packed-2.0-py3.6.egg")]))
    kept = [(p["name"], p["version"], p.get("origin"), p.get("editable")) for p in found]
    assert sorted(kept) == [
        ("old", "0.1", f"file://{tmp_path}/checkout", True),
        ("packed", "2.0", None, None),
        ("single", "3.0", None, None),
    ]


OLD_NUMPY = """
openblas64__info={'libraries': ['openblas64_', 'openblas64_'], 'library_dirs': ['/usr/local/lib']}
blas_opt_info={'libraries': ['openblas64_', 'openblas64_'], 'library_dirs': ['/usr/local/lib'], 'language': 'c'}
lapack_opt_info={'libraries': ['openblas64_', 'openblas64_'], 'library_dirs': ['/usr/local/lib'], 'language': 'c'}
"""
NEW_NUMPY = """
        "Build Dependencies": {
            "blas": {
                "name": "scipy-openblas",
                "found": bool("True".lower().replace("false", "")),
                "version": "0.3.29",
                "openblas configuration": r"OpenBLAS 0.3.29  USE64BITINT DYNAMIC_ARCH NO_AFFINITY Haswell MAX_THREADS=64",
            },
            "lapack": {
                "name": "scipy-openblas",
                "version": "0.3.29",
            },
        },
"""


def test_linear_algebra_of_numpy(tmp_path: Path) -> None:
    """What numpy says it was built with is noted, in the words of old and new versions, with the libraries in its wheel."""
    module = runpy.run_path(str(PROBE / "collect.py"))
    for name, text in (("old", OLD_NUMPY), ("new", NEW_NUMPY)):
        (tmp_path / name / "numpy").mkdir(parents=True)
        (tmp_path / name / "numpy/__config__.py").write_text(text)
    (tmp_path / "new/numpy.libs").mkdir()
    (tmp_path / "new/numpy.libs/libscipy_openblas64_-6bb31eeb.so").touch()
    (tmp_path / "new/numpy.libs/libgfortran-040039e1.so.5.0.0").touch()
    found = module["libraries"](module["Files"](), [str(tmp_path / "old"), str(tmp_path / "new")])
    assert [line for line in found if line.startswith("numpy")] == [
        "numpy.libs/libscipy_openblas64_-6bb31eeb.so",
        "numpy: OpenBLAS 0.3.29  USE64BITINT DYNAMIC_ARCH NO_AFFINITY Haswell MAX_THREADS=64",
        "numpy: blas openblas64_",
        "numpy: blas scipy-openblas 0.3.29",
        "numpy: lapack openblas64_",
        "numpy: lapack scipy-openblas 0.3.29",
    ]


def test_distroless_status(tmp_path: Path) -> None:
    """Images that dpkg never ran in keep one file per package: it counts, and its checksums name the programs."""
    lines = ["variable:PATH=/usr/bin", "/var/lib/dpkg/status.d/openssl:Package: openssl"]
    lines += ["/var/lib/dpkg/status.d/openssl:Version: 3.0.11-1", "- /usr/bin/openssl"]
    lines += ["/var/lib/dpkg/status.d/openssl.md5sums:d41d8cd98f00b204e9800998ecf8427e  usr/bin/openssl"]
    (tmp_path / "raw").write_text("\n".join(lines))
    found = runpy.run_path(str(PROBE / "collect.py"))["collect"](str(tmp_path / "raw"))
    assert found["packages"] == [{"name": "openssl", "version": "3.0.11-1", "manager": "deb"}]
    assert found["commands"] == {"/usr/bin/openssl": ["openssl", "3.0.11-1", "deb"]}


def test_environment_modules_are_told(tmp_path: Path) -> None:
    """The modules that are loaded where a job runs stand among its variables."""
    workflows.write(tmp_path, "rule a:\n    output: 'a'\n    shell: 'touch {output}'\n")
    assert workflows.snakemake(tmp_path, LOADEDMODULES="gcc/12.2:samtools/1.19").returncode == 0
    (job,) = workflows.latest(tmp_path).jobs
    assert job.variables["LOADEDMODULES"] == "gcc/12.2:samtools/1.19"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("samtools view -b x | bcftools call -o y && tabix y", "samtools bcftools tabix"),
        ("FOO=1 BAR=$(date +%F) awk '{print; sort}' f >out 2>&1", "date awk"),
        ("for i in cat dog; do bwa mem $i; done", "bwa"),
        ("if [ -e x ]; then gunzip x; elif ! diff a b; then rm b; fi", "gunzip diff rm"),
        ("env A=1 nice -n 5 python3 -c 'import os; ls'", "env nice python3"),
        ("timeout 5m bash -euc 'sed s/a/b/ f | tee g'", "timeout bash sed tee"),
        ("find . -name '*.gz' -exec zcat {} + | xargs -n 1 -I {} md5sum {}", "find zcat xargs md5sum"),
        ("cat <<'END' > f\nrm -rf /\nEND\nhead f # tail f", "cat head"),
        ('echo "$(basename "$x") `hostname`"; diff <(sort a) <(uniq b)', "basename hostname diff sort uniq"),
        ("> log /opt/tool/bin/run.x a \\\n  --more b |\n other", "/opt/tool/bin/run.x other"),
        ("$PY x.py; ${B} y; ./local.sh; 'with space' z", ""),
        ("echo 'never closed; cat x", ""),
        ("", ""),
    ],
)
def test_command_words(command: str, expected: str) -> None:
    """The words that a shell command would run, without what is only data, in their order."""
    assert tools.words(command) == expected.split()


def test_command_words_are_safe_in_a_shell() -> None:
    """No word can break out of the text that passes it on, and there are at most fifty."""
    odd = "'a;b' x; \"c`d\" y; e\\$f z; ${IFS}g; $'h\\ni'; -rf; \u00fc; a*b; " + "; ".join(f"t{i}" for i in range(99))
    found = tools.words(odd)
    assert len(found) == tools.LIMIT
    assert all(word.isascii() and word.replace("_", "").isalnum() for word in found)
    told = shellscope.prefix(Path("/nowhere"), Path("/nothing"), found)
    assert subprocess.run(["sh", "-c", told + "echo on"], capture_output=True, text=True, check=True).stdout == "on\n"


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox sh"])
def test_prologue_tells_where_words_lead(tmp_path: Path, shell: str) -> None:
    """Programs have their path; builtins, functions and what is not there are no tools; the shell is left as it was."""
    words = shell.split()
    images.need(words[0])
    told = tmp_path / "told"
    text = shellscope.prefix(PROBE, told, ["expr", "cd", "absent", "own"])
    text = f"own() {{ :; }}\n{text}\nset | grep _provcap_ || echo clean; exit 3"
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "expr").symlink_to(images.need("expr"))
    variables = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    done = subprocess.run(
        [*words, "-c", text.replace("\nset |", "\n(set) |")], env=variables, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (3, "")
    _, paths, network = shellscope.split_told(shellscope.read_told(told))
    assert network in ("open", "closed")
    if words[0] != "busybox":  # whose sh has expr inside
        assert paths == {"expr": str(folder / "expr")}
