"""What software is installed here: run by the environment's own Python (3.6 or newer), or by the host on a raw copy.

    python3 collect.py OUT.json          inside the environment: reads its files and this interpreter's sys.path
    python3 collect.py OUT.json RAW      what probe.sh wrote to the file RAW where there is no such Python

Reads the files of the package managers and starts no program but `rpm`, and that only where its database is none that
Python can read. It imports the standard library alone and must parse as Python 3.6.
"""

import glob
import io
import json
import os
import platform
import re
import sys

FORMAT = "provcap.environment/1"
PROGRAM = re.compile(r"bin/[^/\n]+$", re.M)


class Files:
    """The files and variables of the system that this runs in."""

    variables = os.environ
    copied = False

    def read(self, path, limit=-1):
        """The text of `path`, or "" when it cannot be read."""
        try:
            with io.open(path, "rb", buffering=0) as stream:
                return stream.read(limit).decode("utf-8", "replace")
        except (OSError, ValueError):
            return ""

    def glob(self, pattern):
        return sorted(glob.glob(pattern))

    def names(self, folder):
        try:
            return sorted(os.listdir(folder))
        except OSError:
            return []

    def real(self, path):
        return os.path.realpath(path)

    def has(self, path):
        return os.path.exists(path)


class Copied(Files):
    """What probe.sh wrote: `path:line` for each line of a file, `variable:NAME=value`, and lines of `ls -ld`."""

    copied = True

    def __init__(self, path):
        self.folder = os.path.dirname(path)
        self.variables, self.links, self.texts, self.listed = {}, {}, {}, {}
        for line in Files.read(self, path).splitlines():
            name, _, rest = line.partition(":")
            if name == "variable":
                self.variables.update([rest.partition("=")[::2]])
            elif not name.startswith("/"):
                self.list(line)
            else:
                if name.startswith("/var/lib/dpkg/info/") and not name.endswith(".list"):  # libc6:amd64.list
                    architecture, _, rest = rest.partition(":")
                    name += ":" + architecture
                self.texts.setdefault(name, []).append(rest)
        self.texts = {name: "\n".join(lines) for name, lines in self.texts.items()}
        for name in self.texts:
            self.listed.setdefault(os.path.dirname(name), []).append(os.path.basename(name))

    def list(self, line):
        found = re.match(r"^(.)\S*(?: .*?)? (/.*?)(?: -> (.*))?$", line)
        if found:
            kind, path, target = found.groups()
            self.listed.setdefault(os.path.dirname(path), []).append(os.path.basename(path))
            if kind == "l" and target:
                self.links[path] = target

    def read(self, path, limit=-1):
        text = self.texts.get(path, "")
        return text if limit < 0 else text[:limit]

    def glob(self, pattern):
        parts = re.split(r"(\*)", pattern)
        wanted = re.compile("".join("[^/]*" if p == "*" else re.escape(p) for p in parts) + "$")
        known = set(self.texts) | {os.path.join(f, n) for f, names in self.listed.items() for n in names}
        return sorted(p for p in known if wanted.match(p))

    def names(self, folder):
        return sorted(set(self.listed.get(folder, ())))

    def real(self, path):
        """`path` with the links followed that are known, the ones of folders above it, too."""
        for _ in range(40):
            above = [path[: m.start()] for m in re.finditer("/", path) if m.start()] + [path]
            link = next((p for p in above if p in self.links), None)
            if link is None:
                break
            target = os.path.join(os.path.dirname(link), self.links[link])
            path = os.path.normpath(target + path[len(link) :])
        return path

    def has(self, path):
        return path in self.texts or os.path.basename(path) in self.listed.get(os.path.dirname(path), ())


def first(names, text, separator=":"):
    """The value that stands first for each of the field `names` in a text of `Name: value` lines."""
    found = {}
    for name, value in re.findall(r"^(%s)%s[ \t]*(.*?)\r?$" % ("|".join(names), separator), text, re.M):
        found.setdefault(name, value.strip())
    return found


def package(name, version, manager, **more):
    found = {"name": name, "version": version, "manager": manager}
    found.update((key, value) for key, value in more.items() if value and value != "(none)")
    return found


def programs(text):
    """The lines of a list of paths that may be programs."""
    return [text[text.rfind("\n", 0, m.start()) + 1 : m.end()] for m in PROGRAM.finditer(text)]


def path_folders(files):
    """The folders of the PATH, in its order."""
    return [p for p in dict.fromkeys(files.variables.get("PATH", "").split(":")) if p.startswith("/")]


def deb_packages(files):
    """Installed Debian packages, from dpkg's status file and the status.d files of distroless images."""
    lists = {}
    for name in files.names("/var/lib/dpkg/info"):
        if name.endswith(".list"):
            lists[name[:-5].split(":")[0]] = "/var/lib/dpkg/info/" + name
    texts = [("", files.read("/var/lib/dpkg/status"))]
    for path in files.glob("/var/lib/dpkg/status.d/*"):
        if not path.endswith(".md5sums"):
            texts.append((path, files.read(path)))
    for path, text in texts:
        for paragraph in text.split("\n\n"):
            fields = first(["Package", "Version", "Architecture", "Status"], paragraph)
            if fields.get("Package") and fields.get("Status", "ok installed").endswith(" installed"):
                if path:
                    owned = re.sub(r"^\w+\s+", "/", files.read(path + ".md5sums"), flags=re.M)
                else:
                    owned = files.read(lists.get(fields["Package"], ""))
                yield package(
                    fields["Package"],
                    fields.get("Version", ""),
                    "deb",
                    architecture=fields.get("Architecture"),
                    programs=programs(owned),
                )


def apk_packages(files):
    """Installed Alpine packages: P: name, V: version, A: architecture, F: folder, R: file in it."""
    for path in ("/lib/apk/db/installed", "/usr/lib/apk/db/installed"):
        for paragraph in files.read(path).split("\n\n"):
            fields, folder, programs = {}, "", []
            for line in paragraph.splitlines():
                kind, _, value = line.partition(":")
                if kind == "F":
                    folder = value
                elif kind == "R" and folder.endswith("bin"):
                    programs.append("/%s/%s" % (folder, value))
                else:
                    fields.setdefault(kind, value)
            if fields.get("P"):
                yield package(fields["P"], fields.get("V", ""), "apk", architecture=fields.get("A"), programs=programs)


def rpm_packages(files):
    """Installed RPM packages: from a database of SQLite (RPM 4.16 and newer), else asked of rpm."""
    stored = [files.folder + "/rpmdb.sqlite"] if files.copied else []
    stored += [] if files.copied else [p + "/rpmdb.sqlite" for p in ("/usr/lib/sysimage/rpm", "/var/lib/rpm")]
    for path in stored:
        if os.path.exists(path):
            try:
                for found in rpm_database(path):
                    yield found
                return
            except Exception:  # no sqlite3 in this Python, or a database of another layout
                break
    text = Files.read(files, files.folder + "/rpm.tsv") if files.copied else ask_rpm()
    found = None
    for line in text.splitlines():
        parts = line.split("\t")
        if len(parts) == 4:
            if found:
                yield found
            found = package(parts[0], parts[1], "rpm", architecture=parts[2], origin=parts[3], programs=[])
        elif found and PROGRAM.search(parts[-1]):
            found.setdefault("programs", []).append(parts[-1])
    if found:
        yield found


def ask_rpm():
    if not any(os.path.exists(p) for p in ("/var/lib/rpm", "/usr/lib/sysimage/rpm")):
        return ""
    import subprocess

    query = "%{NAME}\\t%{VERSION}-%{RELEASE}\\t%{ARCH}\\t%{VENDOR}\\n[\\t%{FILENAMES}\\n]"
    try:
        return subprocess.check_output(["rpm", "-qa", "--qf", query], stderr=subprocess.DEVNULL).decode(
            "utf-8", "replace"
        )
    except (OSError, subprocess.CalledProcessError):
        return ""


def rpm_database(path):
    """Packages in the headers that an rpmdb.sqlite keeps (https://rpm.org/docs/4.20.x/manual/format_header.html)."""
    import sqlite3
    import struct

    database = sqlite3.connect("file:%s?immutable=1" % path.replace("?", "%3f").replace("#", "%23"), uri=True)
    for (blob,) in database.execute("SELECT blob FROM Packages ORDER BY hnum"):
        count = struct.unpack(">I", blob[:4])[0]
        data, values = blob[8 + 16 * count :], {}
        for tag, kind, offset, number in struct.iter_unpack(">IIII", blob[8 : 8 + 16 * count]):
            if tag not in (1000, 1001, 1002, 1011, 1022, 1116, 1117, 1118):
                continue
            if kind == 4:
                values[tag] = struct.unpack(">%dI" % number, data[offset : offset + 4 * number])
            else:
                values[tag] = [t.decode("utf-8", "replace") for t in data[offset:].split(b"\0", number)[:number]]
        one = {tag: value[0] for tag, value in values.items() if value}
        folders, files = values.get(1118, ()), zip(values.get(1116, ()), values.get(1117, ()))
        yield package(
            one[1000],
            "%s-%s" % (one[1001], one[1002]),
            "rpm",
            architecture=one.get(1022),
            origin=one.get(1011),
            programs=[folders[i] + name for i, name in files if folders[i].rstrip("/").endswith("bin")],
        )
    database.close()


def conda_prefixes(files):
    """Prefixes of conda environments: the active one, this interpreter's, those on the PATH, the usual places."""
    found = [files.variables.get("CONDA_PREFIX"), files.variables.get("MAMBA_ROOT_PREFIX"), "/opt/conda"]
    found += [] if files.copied else [sys.prefix]
    found += [os.path.dirname(p.rstrip("/")) for p in path_folders(files)]
    return sorted({p for p in found if p})


def conda_packages(files):
    """Packages of conda environments. Their metadata lists all files: only what is wanted of it is parsed."""
    for prefix in conda_prefixes(files):
        for name in files.names(prefix + "/conda-meta"):
            if not name.endswith(".json"):
                continue
            text = files.read("%s/conda-meta/%s" % (prefix, name))
            fields = {}
            for key, value in re.findall(
                r'[{,\n]\s*"(name|version|build|channel|url|subdir)":\s*"([^"]*)"', "\n" + text
            ):
                fields.setdefault(key, value)
            if not fields.get("name") or not fields.get("version"):
                continue
            yield package(
                fields["name"],
                "%s=%s" % (fields["version"], fields["build"]) if fields.get("build") else fields["version"],
                "conda",
                origin=strip_user(fields.get("url") or fields.get("channel")),
                architecture=fields.get("subdir"),
                programs=["%s/%s" % (prefix, p) for p in set(re.findall(r'"(s?bin/[^"/]+)"', text))],
            )


def r_homes(files):
    """The homes of R, the one of the first R on the PATH first."""
    found = []
    for folder in path_folders(files):
        if files.has(folder + "/R"):
            above = os.path.dirname(os.path.dirname(files.real(folder + "/R")))
            found += [above, above + "/lib/R", above + "/lib64/R"]
            found += [os.path.dirname(folder) + "/lib/R", os.path.dirname(folder) + "/lib64/R"]
    return list(dict.fromkeys(found + ["/usr/lib/R", "/usr/lib64/R", "/usr/local/lib/R"]))


def cran_packages(files):
    """R packages, from their DESCRIPTION files."""
    places = []
    for name in ("R_LIBS", "R_LIBS_USER", "R_LIBS_SITE"):
        places += [p for p in files.variables.get(name, "").split(":") if p.startswith("/")]
    places += [home + "/" + kind for home in r_homes(files) for kind in ("library", "site-library")]
    places += ["/usr/local/lib/R/site-library"] + files.glob(files.variables.get("HOME", "/root") + "/R/*/*")
    for place in dict.fromkeys(places):
        for name in (
            files.names(place) if not files.copied else [p.split("/")[-2] for p in files.glob(place + "/*/DESCRIPTION")]
        ):
            text = files.read("%s/%s/DESCRIPTION" % (place, name))
            fields = first(["Package", "Version", "Repository", "RemoteUrl", "RemoteSha"], text) if text else {}
            if fields.get("Package") and fields.get("Version"):
                origin = fields.get("RemoteUrl") or fields.get("Repository") or ""
                if origin and fields.get("RemoteSha"):
                    origin = "%s@%s" % (origin, fields["RemoteSha"])
                yield package(fields["Package"], fields["Version"], "cran", origin=strip_user(origin))


def pypi_packages(files, places):
    """What the interpreter can import as distributions, the first of a name winning as it does for imports."""
    seen = set()
    for place in places:
        inside = ["EGG-INFO"] if place.endswith(".egg") else files.names(place)
        for name in inside:
            if not name.endswith((".dist-info", ".egg-info", ".egg-link", "EGG-INFO")):
                continue
            found = distribution(files, place, name)
            if found and normal(found["name"]) not in seen:
                seen.add(normal(found["name"]))
                yield found


def normal(name):
    """PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def distribution(files, place, name):
    """One distribution, from its metadata directory, egg-info file or develop link, as `pip freeze` describes it."""
    path = "%s/%s" % (place, name)
    if name.endswith(".egg-link"):
        target = files.read(path).split("\n")[0].strip()
        inside = [n for n in files.names(target) if n.endswith(".egg-info")]
        found = distribution(files, target, inside[0]) if inside else None
        if found:
            found.update(editable=True, origin=working_copy(target, found["name"]))
        return found
    metadata = ("/METADATA",) if name.endswith(".dist-info") else ("/PKG-INFO", "")
    text = next((t for t in (files.read(path + m, 4096) for m in metadata) if t), "")
    fields = first(["Name", "Version"], text.split("\n\n")[0])
    if not fields.get("Name") or not fields.get("Version"):
        return None
    found = package(fields["Name"], fields["Version"], "pypi", programs=scripts(files, place, path))
    if name.endswith(".dist-info"):
        direct = files.read(path + "/direct_url.json")
        try:
            found.update(direct_origin(json.loads(direct), fields["Name"]) if direct else {})
        except (ValueError, AttributeError, TypeError, KeyError):
            pass
    return found


def scripts(files, place, path):
    """The commands that a distribution brought: from its RECORD, else its entry points."""
    record = files.read(path + "/RECORD")
    if record:
        relative = re.findall(r"^((?:\.\./)+s?bin/[^,\n]+),", record, re.M) if "../bin/" in record else ()
        return [os.path.normpath(os.path.join(place, p)) for p in relative]
    section = re.search(r"^\[console_scripts\]\n((?:[^\[].*\n?)*)", files.read(path + "/entry_points.txt"), re.M)
    names = re.findall(r"^([\w.-]+)\s*=", section.group(1), re.M) if section else ()
    return [os.path.normpath(os.path.join(place, "../../../bin", n)) for n in names]


def direct_origin(direct, name):
    """PEP 610 as pip freeze writes it: VCS commit, archive hash, or the checkout that is installed as editable."""
    url, vcs, archive = strip_user(direct.get("url", "")), direct.get("vcs_info"), direct.get("archive_info")
    if direct.get("dir_info", {}).get("editable"):
        import urllib.parse

        return {"origin": working_copy(urllib.parse.unquote(re.sub("^file://", "", url)), name), "editable": True}
    parts = []
    if vcs:
        url = "%s+%s@%s" % (vcs.get("vcs", "git"), url, vcs.get("commit_id", ""))
    elif archive:
        hashes = ["%s=%s" % pair for pair in sorted(archive.get("hashes", {}).items())]
        parts += [archive.get("hash") or "".join(hashes[:1])]
    parts += ["subdirectory=" + direct["subdirectory"]] if direct.get("subdirectory") else []
    parts = [p for p in parts if p]
    return {"origin": url + ("#" + "&".join(parts) if parts else "")} if url else {}


def working_copy(path, name):
    """The origin of a package that is installed as editable from `path`: its git remote and commit, else the path."""
    top = os.path.realpath(path)
    while not os.path.exists(top + "/.git"):
        if top in ("/", ""):
            return "file://" + path
        top = os.path.dirname(top)
    files, git = Files(), top + "/.git"
    if os.path.isfile(git):  # a worktree or submodule names its folder there
        git = os.path.join(top, files.read(git).partition("gitdir:")[2].strip())
    common = os.path.join(git, files.read(git + "/commondir").strip())
    commit = files.read(git + "/HEAD").strip()
    if commit.startswith("ref:"):
        reference = commit[4:].strip()
        packed = re.search("^([0-9a-f]{40,}) %s$" % re.escape(reference), files.read(common + "/packed-refs"), re.M)
        commit = files.read(os.path.join(common, reference)).strip() or (packed.group(1) if packed else "")
    remotes = dict(re.findall(r'^\[remote "(.+?)"\][^\[]*?^\s*url\s*=\s*(\S+)', files.read(common + "/config"), re.M))
    url = remotes.get("origin") or next(iter(remotes.values()), "file://" + top)
    url = re.sub(r"^([\w.-]+@[\w.-]+):(?!//)", r"ssh://\1/", url)  # git@host:path, as pip writes it
    below = os.path.relpath(os.path.realpath(path), top)
    more = "" if below == "." else "&subdirectory=" + below
    return (
        "git+%s@%s#egg=%s%s" % (strip_user(url), commit, name.replace("-", "_"), more) if commit else "file://" + path
    )


def strip_user(url):
    """A URL without user name and password; `git@`, which is no secret, stays."""
    return re.sub(r"^([a-z+.]+://)(?!git@)[^/@]*@", r"\1", url) if url else url


def system(files):
    """os-release: PRETTY_NAME, ID, VERSION_ID."""
    text = files.read("/etc/os-release") or files.read("/usr/lib/os-release")
    fields = first(["PRETTY_NAME", "ID", "VERSION_ID"], text, "=")
    names = (("os_name", "PRETTY_NAME"), ("os_id", "ID"), ("os_version", "VERSION_ID"))
    return {key: fields[name].strip("\"'") for key, name in names if fields.get(name)}


def python_interpreter():
    """The Python that runs this. The names `python` and `python3` of one program count as one, except in a venv."""
    own = sys.prefix == getattr(sys, "base_prefix", sys.prefix)
    return {
        "language": "Python",
        "version": platform.python_version(),
        "path": os.path.realpath(sys.executable) if own else sys.executable,
        "build": "%s %s, %s"
        % (platform.python_implementation(), " ".join(platform.python_build()), platform.python_compiler()),
    }


#: language, program, files that tell its version, relative to the folder above the program's, and how they do
OTHERS = (
    (
        "R",
        "R",
        ["library/base/DESCRIPTION", "lib*/R/library/base/DESCRIPTION"],
        r"^Version:\s*(\S+)",
        r"^Built:\s*(.+)",
    ),
    (
        "Perl",
        "perl",
        ["lib/*/perl-base/Config.pm", "lib*/perl5/Config.pm", "lib/perl5/*/Config.pm", "lib/perl5/*/*/Config.pm"],
        r"\bversion => '([\d.]+)'",
        r"\barchname => '([^']+)'",
    ),
    ("Julia", "julia", ["include/julia/julia_version.h"], r'JULIA_VERSION_STRING "([^"]+)"', None),
    ("Java", "java", ["release"], r'^JAVA_VERSION="([^"]+)"', r'^IMPLEMENTOR(?:_VERSION)?="([^"]+)"'),
)


def interpreters(files):
    """The other interpreters that come first on the PATH, with the version that a file of theirs tells."""
    for language, program, places, version, build in OTHERS:
        path = next((f + "/" + program for f in path_folders(files) if files.has(f + "/" + program)), None)
        if path is None:
            continue
        tops = [os.path.dirname(os.path.dirname(p)) for p in (files.real(path), path)]
        for place in (found for top in tops for p in places for found in files.glob(top + "/" + p)):
            text = files.read(place)
            found = re.search(version, text, re.M)
            if found:
                built = re.search(build, text, re.M) if build else None
                entry = {"language": language, "version": found.group(1), "path": path}
                yield dict(entry, build=built.group(1).strip()) if built else entry
                break


def libraries(files, places):
    """What numpy, R and the system use for linear algebra, in their own words, and where links of its name lead."""
    found = []
    for place in places:
        config = files.read(place + "/numpy/__config__.py")
        new = re.findall(r'"(blas|lapack)":\s*\{\s*"name":\s*"([^"]*)".*?"version":\s*"([^"]*)"', config, re.S)
        old = re.findall(r"^(blas|lapack)_opt_info\s*=\s*\{.*?'libraries':\s*\[([^\]]*)\]", config, re.M)
        found += ["numpy: %s" % " ".join(words).strip() for words in new]
        found += [
            "numpy: %s %s" % (kind, ", ".join(dict.fromkeys(re.findall(r"[\w.-]+", names)))) for kind, names in old
        ]
        found += ["numpy: " + c for c in re.findall(r'"openblas configuration":\s*r?"([^"]+)"', config)]
        for name in files.names(place):
            if name.endswith(".libs"):
                found += [
                    "%s/%s" % (name, n) for n in files.names(place + "/" + name) if re.search("blas|lapack|mkl", n)
                ]
    tops = [p + "/lib" for p in conda_prefixes(files)] + ["/usr/lib/*", "/usr/lib", "/usr/lib64"]
    names = ("libblas.so.3", "liblapack.so.3", "libmkl_rt.so*", "libflexiblas.so.3")
    paths = [top + "/" + name for top in tops for name in names] + [
        home + "/lib/libRblas.so" for home in r_homes(files)
    ]
    for path in (found for pattern in dict.fromkeys(paths) for found in files.glob(pattern)):
        real = files.real(path)
        found.append(path if real == path else "%s -> %s" % (path, real))
    return sorted(set(found))


def labels(files):
    """Labels that Apptainer keeps inside a SIF image."""
    try:
        found = json.loads(files.read("/.singularity.d/labels.json") or "{}")
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def commands(files, owned):
    """For each program on the PATH that a package owns: name, version and manager of the package."""
    found = {}
    for folder in path_folders(files):
        inside = files.real(folder)
        for name in files.names(folder):
            path = folder + "/" + name
            for known in spellings(path) + spellings(inside + "/" + name):
                if known in owned:
                    break
            else:
                known = next((p for p in spellings(files.real(path)) if p in owned), None)
            if known is not None:
                found[path] = owned[known]
    return found


def spellings(path):
    """Since /bin became a link to /usr/bin, dpkg knows a file by either name."""
    return [path, path[4:] if path.startswith("/usr/") else "/usr" + path]


def collect(raw=""):
    """Everything, as a dictionary, of the system that this runs in or of what probe.sh wrote to the file `raw`."""
    files = Copied(raw) if raw else Files()
    if raw:
        tops = ["/usr/lib", "/usr/local/lib"] + [p + "/lib" for p in conda_prefixes(files)]
        metadata = [p for top in dict.fromkeys(tops) for p in files.glob(top + "/python*/*-packages/*/*")]
        places = sorted({os.path.dirname(os.path.dirname(p)) for p in metadata})
        for path in metadata:
            files.listed.setdefault(os.path.dirname(os.path.dirname(path)), []).append(path.split("/")[-2])
    else:
        here = os.path.dirname(os.path.abspath(__file__))
        places = [p for p in (os.path.abspath(p) for p in sys.path if p) if p != here]
    found = {"format": FORMAT, "collector": "sh" if raw else "python " + platform.python_version()}
    found.update(system(files))
    packages, owned = list(pypi_packages(files, places)), {}
    for reader in (deb_packages, apk_packages, rpm_packages, conda_packages, cran_packages):
        packages.extend(reader(files))
    for entry in sorted(packages, key=lambda p: p["manager"] == "pypi"):  # what dpkg or conda installed is theirs
        for program in entry.pop("programs", ()):
            owned.setdefault(program, [entry["name"], entry["version"], entry["manager"]])
    unique = {(p["name"], p["version"], p["manager"], json.dumps(p, sort_keys=True)): p for p in packages}
    found["packages"] = [unique[key] for key in sorted(unique)]
    found["interpreters"] = ([] if raw else [python_interpreter()]) + list(interpreters(files))
    found["libraries"] = libraries(files, places)
    found["labels"] = labels(files)
    found["commands"] = commands(files, owned)
    return found


def main():
    if sys.version_info < (3, 6):
        sys.exit("needs Python 3.6")
    out, raw = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    text = json.dumps(collect(raw), sort_keys=True)
    with io.open(out + ".tmp", "w", encoding="utf-8") as stream:
        stream.write(text)
    os.replace(out + ".tmp", out)


if __name__ == "__main__":
    main()
