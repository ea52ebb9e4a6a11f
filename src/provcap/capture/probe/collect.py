"""What software is installed here: run by the environment's own Python (3.6 or newer), or by the host on raw files.

    python3 collect.py OUT.json          inside the environment: reads / and this interpreter's sys.path
    python3 collect.py OUT.json ROOT     on files that probe.sh copied to ROOT

Reads the files of the package managers and starts no program but `rpm`, whose database only it can read.
It imports the standard library alone and must parse as Python 3.6.
"""

import glob
import io
import json
import os
import platform
import re
import subprocess
import sys

FORMAT = "provcap.environment/1"


def read(path, limit=None):
    """The text of `path`, or "" when it cannot be read."""
    try:
        with io.open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read(limit) if limit else stream.read()
    except (OSError, IOError):
        return ""


def paragraphs(text, wanted):
    """The fields `wanted` of each paragraph of a Debian control file."""
    pattern = re.compile(r"^(%s):[ \t]*(.*)$" % "|".join(wanted), re.M)
    for paragraph in text.split("\n\n"):
        yield dict(pattern.findall(paragraph))


def package(name, version, manager, **more):
    found = {"name": name, "version": version, "manager": manager}
    found.update((key, value) for key, value in more.items() if value)
    return found


def deb_packages(root):
    """Installed Debian packages, from dpkg's status file and the status.d files of distroless images."""
    texts = [read(root + "/var/lib/dpkg/status")]
    texts += [read(p) for p in glob.glob(root + "/var/lib/dpkg/status.d/*") if not p.endswith(".md5sums")]
    for text in texts:
        for fields in paragraphs(text, ["Package", "Version", "Architecture", "Status"]):
            if fields.get("Package") and fields.get("Status", "installed").endswith("installed"):
                if "not-installed" not in fields.get("Status", ""):
                    yield package(
                        fields["Package"], fields.get("Version", ""), "deb", architecture=fields.get("Architecture")
                    )


def apk_packages(root):
    """Installed Alpine packages: P: name, V: version, A: architecture."""
    for paragraph in read(root + "/lib/apk/db/installed").split("\n\n"):
        fields = dict(line.split(":", 1) for line in paragraph.splitlines() if line[1:2] == ":")
        if fields.get("P"):
            yield package(fields["P"], fields.get("V", ""), "apk", architecture=fields.get("A"))


def rpm_packages(root):
    """Installed RPM packages, asked of rpm itself; nothing when there is none."""
    text = read(root + "/rpm.tsv")
    if not root and not text and any(os.path.exists(p) for p in ("/var/lib/rpm", "/usr/lib/sysimage/rpm")):
        query = "%{NAME}\\t%{VERSION}-%{RELEASE}\\t%{ARCH}\\t%{VENDOR}\\n"
        try:
            text = subprocess.check_output(["rpm", "-qa", "--qf", query], stderr=subprocess.DEVNULL).decode(
                "utf-8", "replace"
            )
        except (OSError, subprocess.CalledProcessError):
            text = ""
    for line in text.splitlines():
        parts = line.split("\t")
        if len(parts) == 4:
            yield package(parts[0], parts[1], "rpm", architecture=parts[2], origin=parts[3])


def conda_packages(root):
    """Packages of the conda environment that is active, or that this interpreter belongs to."""
    prefixes = {os.environ.get("CONDA_PREFIX"), sys.prefix, "/opt/conda"} if not root else {root + "/opt/conda"}
    if root and os.environ.get("CONDA_PREFIX"):
        prefixes.add(root + os.environ["CONDA_PREFIX"])
    for prefix in sorted(p for p in prefixes if p):
        for path in glob.glob(os.path.join(glob.escape(prefix), "conda-meta", "*.json")):
            try:
                meta = json.loads(read(path))
                origin = meta.get("url") or meta.get("channel")
                yield package(
                    meta["name"],
                    "%s=%s" % (meta["version"], meta["build"]) if meta.get("build") else meta["version"],
                    "conda",
                    origin=strip_user(origin),
                    architecture=meta.get("subdir"),
                )
            except (ValueError, KeyError, TypeError, AttributeError):
                continue


def cran_packages(root):
    """R packages, from their DESCRIPTION files."""
    places = [p for p in os.environ.get("R_LIBS", "").split(":") + os.environ.get("R_LIBS_SITE", "").split(":") if p]
    places += [
        "/usr/lib/R/library",
        "/usr/lib/R/site-library",
        "/usr/local/lib/R/site-library",
        "/usr/local/lib/R/library",
    ]
    places += ["/usr/lib64/R/library", os.path.join(os.environ.get("CONDA_PREFIX", "/nonexistent"), "lib/R/library")]
    for place in places:
        for path in glob.glob(glob.escape(root + place) + "/*/DESCRIPTION"):
            text = read(path)
            fields = dict(re.findall(r"^(Package|Version|Repository|RemoteUrl|RemoteSha):[ \t]*(.*)$", text, re.M))
            if fields.get("Package") and fields.get("Version"):
                origin = fields.get("RemoteUrl") or fields.get("Repository")
                if fields.get("RemoteSha"):
                    origin = "%s@%s" % (origin, fields["RemoteSha"])
                yield package(fields["Package"], fields["Version"], "cran", origin=strip_user(origin))


def pypi_packages(places):
    """What the interpreter can import as distributions, the first of a name winning as it does for imports."""
    seen = set()
    for place in places:
        try:
            names = sorted(os.listdir(place or "."))
        except OSError:
            continue
        for name in names:
            if not name.endswith((".dist-info", ".egg-info", ".egg-link")):
                continue
            found = distribution(os.path.join(place, name))
            if found and normal(found["name"]) not in seen:
                seen.add(normal(found["name"]))
                yield found


def normal(name):
    """PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def distribution(path):
    """One distribution, from its metadata directory, egg-info file or develop link."""
    if path.endswith(".egg-link"):
        target = read(path).split("\n")[0].strip()
        inside = glob.glob(os.path.join(glob.escape(target), "*.egg-info"))
        found = distribution(inside[0]) if inside else None
        if found:
            found.update(editable=True, origin="file://" + target)
        return found
    text = read(os.path.join(path, "METADATA"), 4096) or read(os.path.join(path, "PKG-INFO"), 4096) or read(path, 4096)
    fields = dict(re.findall(r"^(Name|Version):[ \t]*(.*?)\r?$", text.split("\n\n")[0], re.M))
    if not fields.get("Name") or not fields.get("Version"):
        return None
    found = package(fields["Name"].strip(), fields["Version"].strip(), "pypi")
    direct = read(os.path.join(path, "direct_url.json"))
    if direct:
        try:
            found.update(direct_origin(json.loads(direct)))
        except (ValueError, AttributeError, TypeError, KeyError):
            pass
    return found


def direct_origin(direct):
    """PEP 610 as pip freeze writes it: VCS commit, archive hash or editable path."""
    url = strip_user(direct.get("url", ""))
    vcs = direct.get("vcs_info")
    if vcs:
        url = "%s+%s@%s" % (vcs.get("vcs", "git"), url, vcs.get("commit_id", ""))
    elif "archive_info" in direct and direct["archive_info"].get("hash"):
        url = "%s#%s" % (url, direct["archive_info"]["hash"])
    more = {"origin": url} if url else {}
    if direct.get("dir_info", {}).get("editable"):
        more["editable"] = True
    return more


def strip_user(url):
    """A URL without user name and password."""
    return re.sub(r"^([a-z+.]+://)[^/@]*@", r"\1", url) if url else url


def system(root):
    """os-release: PRETTY_NAME, ID, VERSION_ID."""
    text = read(root + "/etc/os-release") or read(root + "/usr/lib/os-release")
    fields = dict(re.findall(r'^(PRETTY_NAME|ID|VERSION_ID)=["\']?(.*?)["\']?$', text, re.M))
    names = (("os_name", "PRETTY_NAME"), ("os_id", "ID"), ("os_version", "VERSION_ID"))
    return {key: fields[name] for key, name in names if fields.get(name)}


def interpreter():
    """The Python that runs this. The names `python` and `python3` of one program count as one, except in a venv."""
    own = sys.prefix == getattr(sys, "base_prefix", sys.prefix)
    return {
        "language": "Python",
        "version": platform.python_version(),
        "path": os.path.realpath(sys.executable) if own else sys.executable,
        "build": "%s %s, %s"
        % (platform.python_implementation(), " ".join(platform.python_build()), platform.python_compiler()),
    }


def labels(root):
    """Labels that Apptainer keeps inside a SIF image."""
    try:
        found = json.loads(read(root + "/.singularity.d/labels.json") or "{}")
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def collect(root=""):
    """Everything, as a dictionary; `root` is "" for the system that this runs in."""
    if root:
        tops = ("/usr/lib", "/usr/local/lib")
        kinds = ("dist-packages", "site-packages")
        places = [p for top in tops for kind in kinds for p in sorted(glob.glob(root + top + "/python*/" + kind))]
    else:
        here = os.path.dirname(os.path.abspath(__file__))
        places = [p for p in sys.path if os.path.abspath(p or ".") != here]
    found = {"format": FORMAT, "collector": "sh" if root else "python " + platform.python_version()}
    found.update(system(root))
    packages = list(pypi_packages(places))
    for reader in (deb_packages, apk_packages, rpm_packages, conda_packages, cran_packages):
        packages.extend(reader(root))
    unique = {json.dumps(p, sort_keys=True): p for p in packages}
    found["packages"] = [unique[key] for key in sorted(unique)]
    found["interpreters"] = [] if root else [interpreter()]
    found["labels"] = labels(root)
    return found


def main():
    out, root = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    text = json.dumps(collect(root), sort_keys=True)
    with io.open(out + ".tmp", "w", encoding="utf-8") as stream:
        stream.write(text)
    os.replace(out + ".tmp", out)


if __name__ == "__main__":
    main()
