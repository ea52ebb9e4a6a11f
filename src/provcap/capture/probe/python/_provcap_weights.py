"""Sees which models a process loads: with onnxruntime, torch, safetensors, Keras and TensorFlow. Python 3.6 or newer.

_provcap_watch.py runs this file when one of these libraries has been imported by the job. No library is imported here
or by what is put in: what is asked, the job has loaded, or it is left out. The wrapped functions are the libraries'
own, called as they were; what is noted is noted when they have returned.
"""

import os
import sys
import time

MAX_LOADS = 200  # different ones; more are counted
SMALL = 32 << 20  # bytes of a file that is hashed when it is loaded, wherever it lies (30 ms)
ELSEWHERE = 512 << 20  # bytes of one outside the work directory, which may be out of reach when the process has ended
HASH_S = 2.0  # seconds that a process may spend on all that
VARIABLES = ("TF_DETERMINISTIC_OPS", "TF_CUDNN_DETERMINISTIC", "CUBLAS_WORKSPACE_CONFIG")
SECRET = ("auth", "cred", "key", "pass", "secret", "token", "user_")  # options that are not told
BLOCK = 1 << 20
SETTLED_S = 0.02  # longer than the step of any kernel's file times: what changed since may have changed unseen

_digests = {}  # identity of a file -> its digest
_spent = [0.0]


def patch(watch, module):
    """Wrap what loads models in `module`, which has just been imported."""
    PATCHES[module.__name__](watch, module)


def _wrap(watch, holders, name, note, position=0, word=None, kept=None):
    """Let `note(result, given, args, kwargs)` fill in a load after each call of the function `name` of the first of
    `holders`; the same function in the others is replaced, too. `given` is what stands for the model's file; where that
    does not tell its path, `kept` may give the one that the library keeps, from `args`.

    An exception goes on without a line of ours in its traceback, in Python 3.11 and newer: `raise` alone adds none.
    """
    original = getattr(holders[0], name)

    def loading(*args, **kwargs):
        began = time.time()
        try:
            given = args[position] if len(args) > position else kwargs.get(word)
            before = _identity(given)
        except Exception:
            given = before = None
        try:
            result = original(*args, **kwargs)
        except BaseException as error:
            BaseException.with_traceback(error, error.__traceback__.tb_next)
            raise
        try:
            if before is None and kept is not None:
                before = _unchanged(kept(args), began)
            _loaded(watch, note, result, given, before, args, kwargs, sys._getframe(1))
        except Exception:
            if "a model that was loaded" not in watch.unseen:
                watch.unseen.append("a model that was loaded")
        return result

    watch.dress(loading, original)
    for holder in holders:
        if holder is not None and vars(holder).get(name) is original:
            watch._replace(holder, name, loading)


def _loaded(watch, note, result, given, before, args, kwargs, frame):
    load = {"path": None, "file": None, "digest": None, "size": None, "settings": {}, "asked": [], "providers": []}
    load.update(library=None, version=None, device=None, where=watch.where(frame), times=1)
    _of_given(watch, load, given, before)
    note(load, result, args, kwargs)
    for name in VARIABLES:
        if name in os.environ:
            load["settings"][name] = os.environ[name]
    apart = ("times", "file") if load["digest"] else ("times",)
    key = repr(sorted((name, repr(value)) for name, value in load.items() if name not in apart))
    known = watch.loads.get(key)
    if known is not None:
        known["times"] += 1
    elif len(watch.loads) < MAX_LOADS:
        watch.loads[key] = load
        if watch.journal:
            watch._load().write(watch, watch._load().dumps({"load": load}))
    elif "models beyond the first %d" % MAX_LOADS not in watch.unseen:
        watch.unseen.append("models beyond the first %d" % MAX_LOADS)


# ----------------------------------------------------------------------------------------------------------- the file


def _path(given):
    """The path of a file that was given by name, or as an open file that is still the one of its name; else None."""
    pathlib = sys.modules.get("pathlib")
    known = (pathlib.PosixPath, pathlib.PurePosixPath) if pathlib is not None else ()
    if type(given) in known or type(given) is os.DirEntry:
        given = os.fspath(given)
    elif hasattr(type(given), "__fspath__"):
        return None  # code of the job's own, which would see that it is called twice
    elif not isinstance(given, (str, bytes)) and isinstance(getattr(given, "name", None), str):
        try:
            open_one, named = os.fstat(given.fileno()), os.stat(given.name)
        except Exception:
            return None  # a member of an archive has a name, too
        given = given.name if (open_one.st_dev, open_one.st_ino) == (named.st_dev, named.st_ino) else None
    return given if isinstance(given, str) else None


def _identity(given):
    """Path, size, mtime, inode and ctime of a file that is about to be loaded; of a directory its path alone.

    shutil.copy2 keeps the mtime, and writing into a file the inode; nobody sets the ctime.
    """
    path = _path(given)
    if path is None:
        return None
    full = os.path.normpath(os.path.join(os.getcwd(), path))
    try:
        info = os.stat(full)
    except OSError:
        return (full, None, None, None, None)
    if info.st_mode & 0o170000 != 0o100000:
        return (full, None, None, None, None)
    return (full, info.st_size, info.st_mtime_ns, info.st_ino, info.st_ctime_ns)


def _unchanged(path, began):
    """The identity of a file that was loaded since `began`; of one that may be another one by now its path alone."""
    identity = _identity(path) if isinstance(path, str) else None
    if identity is None or (identity[4] is not None and identity[4] / 1e9 < began - SETTLED_S):
        return identity
    return identity[:1] + (None, None, None, None)


def _of_given(watch, load, given, before):
    if before is None:
        _of_bytes(watch, load, given)
        return
    full, size = before[:2]
    load["path"] = full[len(watch.workdir) + 1 :] if full.startswith(watch.workdir + "/") else full
    load["file"], load["size"] = list(before), size
    if size is None or _identity(full) != before:
        return  # a directory, or it was changed while it was loaded
    temporary = os.environ.get("TMPDIR") or "/"
    kept = full.startswith(watch.workdir + "/")
    if temporary.startswith(watch.workdir + "/") and full.startswith(temporary.rstrip("/") + "/"):
        kept = False
    if size <= (SMALL if kept else ELSEWHERE):
        load["digest"] = _sha256(watch, full, before)
    if load["digest"] is None and not _settled(before):
        load["file"] = None  # another one, written right after, could not be told from it


def _settled(identity):
    """Would a change from now on be seen in the file's ctime?"""
    return time.time() - identity[4] / 1e9 >= SETTLED_S


def _of_bytes(watch, load, given):
    """`bytes`, what has a buffer like it, or a file in memory."""
    if hasattr(type(given), "getbuffer"):
        given = given.getbuffer()
    if isinstance(given, (bytes, bytearray, memoryview)):
        view = memoryview(given)
        load["size"] = view.nbytes
        if view.nbytes <= ELSEWHERE and _spent[0] < HASH_S:
            began, digest = time.time(), _new_digest(watch)
            digest.update(view)
            load["digest"] = "sha256:" + digest.hexdigest()
            _spent[0] += time.time() - began


def _new_digest(watch):
    """A SHA-256 to be fed. Where the job has no hashlib, that of OpenSSL alone is loaded, and told as ours."""
    hashlib = sys.modules.get("hashlib")
    if hashlib is not None:
        return hashlib.sha256()
    before = _shared_objects()
    try:
        import _hashlib
    except ImportError:
        import hashlib

        return hashlib.sha256()
    watch.ours.update(_shared_objects() - before)
    return _hashlib.openssl_sha256()


def _shared_objects():
    with open("/proc/self/maps", "rb") as stream:
        return {line.split(None, 5)[-1].rstrip(b"\n") for line in stream if b".so" in line}


def _sha256(watch, path, identity):
    """The digest of a file, each one once unless it was written just now; None when time is up."""
    if identity in _digests or _spent[0] >= HASH_S:
        return _digests.get(identity)
    began, digest, settled = time.time(), _new_digest(watch), _settled(identity)
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    try:
        block = os.read(descriptor, BLOCK)
        while block and _spent[0] + time.time() - began < HASH_S:
            digest.update(block)
            block = os.read(descriptor, BLOCK)
    finally:
        os.close(descriptor)
    _spent[0] += time.time() - began
    if block or _identity(path) != identity:
        return None
    found = "sha256:" + digest.hexdigest()
    if settled:
        _digests[identity] = found
    return found


# ------------------------------------------------------------------------------------------------------ the libraries


def _version(name):
    version = getattr(sys.modules.get(name), "__version__", None)
    return str(version)[:100] if version is not None else None


def _text(value):
    """An option as text: the name of an enumeration's value, or what it is."""
    return str(getattr(value, "name", value))[:200]


def patch_onnxruntime(watch, module):
    _wrap(watch, [module.InferenceSession], "__init__", _note_session, 1, "path_or_bytes", _kept_by_session)


def _kept_by_session(args):
    return getattr(args[0], "_model_path", None)


def _note_session(load, _result, args, kwargs):
    session = args[0]
    load.update(library="onnxruntime", version=_version("onnxruntime"), providers=list(session.get_providers()))
    asked = args[3] if len(args) > 3 else kwargs.get("providers")
    load["asked"] = [(p if isinstance(p, str) else p[0])[:100] for p in list(asked or ())[:20]]
    options = session.get_session_options()
    for name in (
        "intra_op_num_threads",
        "inter_op_num_threads",
        "graph_optimization_level",
        "execution_mode",
        "use_deterministic_compute",
    ):
        if hasattr(options, name):
            load["settings"][name] = _text(getattr(options, name))
    for provider, chosen in session.get_provider_options().items():
        for name, value in sorted(chosen.items())[:30]:
            if not any(word in name for word in SECRET):
                load["settings"]["%s.%s" % (provider, name)] = _text(value)


def patch_torch(watch, module):
    _wrap(watch, [module.serialization, module], "load", _note_torch, 0, "f")
    jit = sys.modules.get("torch.jit._serialization")
    if jit is not None:
        _wrap(watch, [jit, module.jit], "load", _note_jit, 0, "f")


def _note_torch(load, _result, args, kwargs):
    torch = sys.modules["torch"]
    load.update(library="torch", version=_version("torch"))
    target = args[1] if len(args) > 1 else kwargs.get("map_location")
    if isinstance(target, str) or type(target) is torch.device:
        load["device"] = str(target)[:100]
    if "weights_only" in kwargs:
        load["settings"]["weights_only"] = _text(kwargs["weights_only"])
    _flags_of_torch(load)


def _note_jit(load, result, args, kwargs):
    _note_torch(load, result, args, {"map_location": kwargs.get("map_location")})
    load["library"] = "torch.jit"


def _flags_of_torch(load):
    torch, settings = sys.modules.get("torch"), load["settings"]
    if torch is None:
        return
    if hasattr(torch, "are_deterministic_algorithms_enabled"):
        settings["deterministic_algorithms"] = str(torch.are_deterministic_algorithms_enabled())
    cudnn = torch.backends.cudnn
    settings.update({"cudnn.deterministic": str(cudnn.deterministic), "cudnn.benchmark": str(cudnn.benchmark)})


def patch_safetensors(watch, module):
    def note(load, _result, args, kwargs):
        load.update(library="safetensors", version=_version("safetensors"))
        device = args[1] if len(args) > 1 else kwargs.get("device")
        if isinstance(device, (str, int)):
            load["device"] = str(device)[:100]
        if module.__name__ == "safetensors.torch":
            _flags_of_torch(load)

    _wrap(watch, [module], "load_file", note, 0, "filename")
    _wrap(watch, [module], "load", note, 0, "data")


def patch_keras(watch, module):
    holders = [module] + [sys.modules.get(name) for name in ("keras", "keras.models", "keras.saving")]
    _wrap(watch, holders, "load_model", _note_keras, 0, "filepath")
    if hasattr(module, "load_weights"):
        _wrap(watch, [module], "load_weights", _note_keras, 1, "filepath")


def _note_keras(load, _result, _args, _kwargs):
    load.update(library="keras", version=_version("keras"))
    keras = sys.modules.get("keras")
    backend = getattr(getattr(keras, "config", None), "backend", None)
    if backend is not None:
        load["settings"]["backend"] = _text(backend())
    _flags_of_tensorflow(load)
    if load["settings"].get("backend") == "torch":
        _flags_of_torch(load)


def patch_tensorflow(watch, module):
    _wrap(watch, [module], "load", _note_tensorflow, 0, "export_dir")


def _note_tensorflow(load, _result, _args, _kwargs):
    load.update(library="tensorflow", version=_version("tensorflow"))
    _flags_of_tensorflow(load)


def _flags_of_tensorflow(load):
    config = sys.modules.get("tensorflow.python.framework.config")
    if hasattr(config, "is_op_determinism_enabled"):
        load["settings"]["op_determinism"] = str(config.is_op_determinism_enabled())


PATCHES = {
    "onnxruntime.capi.onnxruntime_inference_collection": patch_onnxruntime,
    "torch": patch_torch,
    "safetensors.torch": patch_safetensors,
    "safetensors.numpy": patch_safetensors,
    "keras.src.saving.saving_api": patch_keras,
    "tensorflow.python.saved_model.load": patch_tensorflow,
}


# ------------------------------------------------------------------------------------------------------------ the end


def settle(loads):
    """What is only known when the process ends: flags that were changed after the load, threads, and the device.

    A GPU that the library was never started on was not used.
    """
    torch, tensors = sys.modules.get("torch"), sys.modules.get("tensorflow.python.eager.context")
    for load in loads:
        try:
            if torch is not None and "cudnn.benchmark" in load["settings"]:
                _end_of_torch(load, torch)
            elif tensors is not None and "op_determinism" in load["settings"]:
                context = tensors.context_safe()
                started = context is not None and context._initialized
                load["device"] = "gpu" if started and context.num_gpus() else "cpu"
        except Exception:
            pass
    return loads


def _end_of_torch(load, torch):
    settings, now = load["settings"], {"settings": {}}
    _flags_of_torch(now)
    for name, value in now["settings"].items():
        if settings.get(name) != value:
            settings[name + " at the end"] = value
    settings["intra_op_num_threads"] = str(torch.get_num_threads())
    settings["inter_op_num_threads"] = str(torch.get_num_interop_threads())
    started = [n for n in ("cuda", "xpu") if hasattr(torch, n) and getattr(torch, n).is_initialized()]
    load["device"] = ", ".join(started) or load["device"] or "cpu"
