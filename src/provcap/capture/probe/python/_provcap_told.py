"""Tells what _provcap_watch saw of one Python process, when it ends: a file of lines of JSON. Python 3.6 or newer."""

import os
import sys
import time

HOST_MOUNT = "/mnt/snakemake_searchpaths"  # where Snakemake shows the host's packages to a script in a container
HASH_S = 2.0  # how long a process may hash libraries that no process of its environment has hashed before

try:
    from _json import encode_basestring_ascii as quoted
except ImportError:
    from json.encoder import encode_basestring_ascii as quoted


def dumps(value):
    """JSON of what we tell; importing json would take more time than all the rest."""
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int):
        return "%d" % value
    if isinstance(value, dict):
        return "{" + ",".join(quoted(k) + ":" + dumps(v) for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join([dumps(v) for v in value]) + "]"
    return quoted(str(value))


def write(watch, line):
    name = "%s.py.%d-%d" % (watch.told, watch.started, os.getpid())
    stream = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0), 0o644)
    try:
        content = (line + "\n").encode("ascii")
        while content:
            content = content[os.write(stream, content) :]
    finally:
        os.close(stream)


def note(watch, draw):
    """Write down one draw at once."""
    if draw["kind"]:
        write(watch, dumps({"draw": dict(draw, value=text(draw["value"]))}))


def tell(watch):
    """Write down all."""
    draws = watch.settle()
    if watch.journal:
        draws = [d for d in draws if d is not None and any(d is (t and t["slot"]) for t in hidden(watch))]
    found = {
        "language": "Python",
        "version": "%d.%d.%d" % sys.version_info[:3],
        "executable": sys.executable or "",
        "argv0": watch.main_name(),
        "parent": watch.parent,
        "forks": watch.forks,
        "draws": [dict(draw, value=text(draw["value"])) for draw in draws],
        "lost": watch.lost,
        "unseen": watch.unseen,
        "crowded": watch.crowded,
    }
    for name, look in (("modules", modules), ("opened", opened), ("libraries", libraries), ("loads", loads)):
        try:
            found[name] = look(watch)
        except Exception:
            found["unseen"].append(name)
    write(watch, dumps(found))


def hidden(watch):
    return (watch._random, watch._numpy, watch._torch)


def text(value):
    """A state of `random` as text that replay can read; anything else is text already."""
    if not isinstance(value, tuple):
        return value
    import binascii

    words = b"".join([number.to_bytes(4, "little") for number in value[1][:-1]])
    return "mt19937:%d:%s" % (value[1][-1], binascii.b2a_base64(words, newline=False).decode("ascii"))


def opened(watch):
    """Files below the work directory that were opened to be read and are there, relative to it."""
    cut = len(watch.workdir) + 1
    skip = ("/site-packages/", "/dist-packages/", "/.provcap/", "/.snakemake/scripts/", "/.snakemake/log/")
    found = set()
    for path in watch.opened:
        full = os.path.normpath(path)
        folder, name = os.path.split(full)
        if name.endswith(".pyc") and os.path.basename(folder) == "__pycache__":
            full = os.path.join(os.path.dirname(folder), name.split(".")[0] + ".py")
        if full.startswith(watch.workdir + "/") and not any(s in full for s in skip) and os.path.isfile(full):
            found.add(full[cut:])
    return sorted(found)


def loads(watch):
    """The models that were loaded; in a forked process again, with what is only known in the end."""
    found = list(watch.loads.values())
    return watch._weights["settle"](found) if found else []


# ------------------------------------------------------------------------------------------------------------ modules


def modules(watch):
    """[name, version, distribution, from the host] of each top-level module that is not of the standard library."""
    tops = {name.partition(".")[0] for name in list(sys.modules) if name not in watch.before} | watch.named
    sites = {}
    found = []
    for name in sorted(tops):
        module = sys.modules.get(name)
        if module is None or name.startswith("_") or name == "sitecustomize":
            continue  # a name with an underscore is a part of some other package
        path = origin(module)
        if path is None or watch.is_stdlib(path) or path.startswith(watch.here):
            continue
        # <site>/name/__init__.py, <site>/name (a namespace) or <site>/name.py
        inside = os.path.basename(path).startswith("__init__.")
        site = os.path.dirname(os.path.dirname(path) if inside else path)
        found.append([name, module, site, path.startswith(HOST_MOUNT)])
        sites.setdefault(site, set()).add(name)
    known = Known(watch)
    owners = {site: distributions(site, names, known) for site, names in sites.items()}
    known.keep()
    told = []
    for name, module, site, host in found:
        distribution, version = owners[site].get(name, (None, None))
        if version is None:
            version = vars(module).get("__version__")
            version = version[:100] if isinstance(version, str) else None
        told.append([name, version, distribution, host])
    return told


def origin(module):
    """The file of a module, or the folder of a namespace; None for one that has neither."""
    try:
        path = vars(module).get("__file__")
        if not isinstance(path, str):
            path = next(iter(vars(module).get("__path__") or ()), None)
        return path if isinstance(path, str) and path.startswith("/") else None
    except Exception:
        return None


def distributions(site, names, known):
    """For each of `names` that lies in `site`: the distribution that it belongs to, and its version.

    Most have the name of their distribution. The others are looked for in the lists of files, once per environment.
    """
    try:
        entries = os.listdir(site)
        stamp = [site, os.stat(site).st_mtime_ns, os.stat(site).st_ino]
    except OSError:
        return {}
    wanted = {normal(name): name for name in names}
    found, others = {}, []
    for entry in entries:
        if entry.endswith((".dist-info", ".egg-info")):
            name, version = split(entry)
            if normal(name) in wanted:
                found[wanted[normal(name)]] = (name, version)
            else:
                others.append((entry, name, version))
    missing = set()
    for top in names - set(found):
        answer = known.get(stamp + [top])
        if answer is None:
            missing.add(top)
        elif answer:
            found[top] = tuple(answer.split("==", 1))
    for entry, name, version in others if missing else ():
        for top in missing & set(tops(os.path.join(site, entry), missing)):
            found[top] = (name, version)
    for top in missing:
        known.put(stamp + [top], "%s==%s" % found[top] if found.get(top, (0, None))[1] else "")
    return found


class Known:
    """What an earlier process of the run found out about files of the same image: lines of a key, a tab and a value."""

    def __init__(self, watch):
        image = os.environ.get("APPTAINER_CONTAINER") or os.environ.get("SINGULARITY_CONTAINER")
        if image is None and os.path.exists("/.dockerenv"):
            image = "docker"
        self.contained = image is not None
        self.image = image or os.uname()[1]
        self.path = os.path.dirname(watch.told) + "/.known"
        self.values = dict(line.rpartition(b"\t")[::2] for line in (read(self.path, 8 << 20) or b"").split(b"\n"))
        self.new = []

    def key(self, parts):
        key = "\t".join([self.image] + [str(part) for part in parts])
        return key.replace("\n", " ").encode("utf-8", "surrogateescape")

    def get(self, parts):
        found = self.values.get(self.key(parts))
        return None if found is None else found.decode("utf-8", "replace")

    def put(self, parts, value):
        self.new.append(self.key(parts) + b"\t" + value.encode("utf-8") + b"\n")

    def keep(self):
        if self.new:
            stream = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                os.write(stream, b"".join(self.new))
            finally:
                os.close(stream)


def split(entry):
    parts = entry.rsplit(".", 1)[0].split("-")
    return parts[0], parts[1] if len(parts) > 1 else None


def normal(name):
    return name.lower().replace("_", "-").replace(".", "-")


def tops(folder, names):
    """Top-level names of a distribution: of top_level.txt, else those of `names` that its RECORD lists."""
    content = read(folder + "/top_level.txt")
    if content:
        return content.decode("utf-8", "replace").split()
    content = b"\n" + (read(folder + "/RECORD") or b"")
    return [n for n in names if b"\n" + n.encode() + b"/" in content or b"\n" + n.encode() + b".py," in content]


def read(path, limit=1 << 20):
    try:
        with open(path, "rb") as stream:
            return stream.read(limit)
    except OSError:
        return None


# ---------------------------------------------------------------------------------------------------------- libraries


def libraries(watch):
    """[path, size, mtime in ns, inode, digest or None] of each shared object that is mapped into this process.

    Outside of a container the host side reads the very same files, so nothing is hashed here.
    """
    found = []
    own = tuple("/%s%s" % (top, end) for top in watch.named for end in ("/", ".libs/"))
    for path in sorted(shared_objects()):
        name = os.fsdecode(path)
        if path in watch.mapped and not any(part in name for part in own):
            continue
        if path in watch.ours and "hashlib" not in sys.modules:
            continue
        if not name.startswith("/") or ".so" not in os.path.basename(name) or name.endswith("(deleted)"):
            continue
        try:
            info = os.stat(name)
        except OSError:
            continue
        found.append([name, info.st_size, info.st_mtime_ns, info.st_ino, None])
    known = Known(watch)
    if known.contained:
        hashed(found, known)
        known.keep()
    return found


def shared_objects():
    with open("/proc/self/maps", "rb") as stream:
        return {line.split(None, 5)[-1].rstrip(b"\n") for line in stream if b".so" in line}


def hashed(found, known):
    """Put in the digests, for at most HASH_S seconds; what people build themselves comes first."""
    deadline = time.time() + HASH_S
    for entry in sorted(found, key=lambda e: ("-packages" not in e[0], e[1])):
        digest = known.get(entry[:4])
        if digest is None and time.time() < deadline:
            digest = "sha256:" + sha256(entry[0])
            known.put(entry[:4], digest)
        entry[4] = digest


def sha256(path):
    import hashlib

    digest = hashlib.sha256()
    with open(path, "rb", buffering=0) as stream:
        block = stream.read(1 << 20)
        while block:
            digest.update(block)
            block = stream.read(1 << 20)
    return digest.hexdigest()
