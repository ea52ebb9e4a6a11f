"""Watches one Python process: seeds that are set, entropy that is drawn, files that are opened to be read.

Nothing is imported for it that the interpreter has not loaded already or built in; the rest is left to
_provcap_told.py when the process ends. Python 3.6 or newer. No class of NumPy is replaced: its generators take their
entropy from a function `randbits` of one module and their seeds and keys through three others (NumPy 1.17 to 2.5), and
these names are what is wrapped, and the function set_state. Of `random` the methods Random.seed and Random.setstate are
wrapped, of torch manual_seed and seed, of TensorFlow set_seed and get_seed, of these and others what loads a model
(_provcap_weights.py); of Python itself open and os.open (an audit hook, even an empty one, makes every call of id()
three times as slow, and copy.deepcopy calls little else).

The code of a run: block has no process of its own: there provcap makes a module of this file, calls begin(), runs the
block, and calls stop(), which puts everything back.
"""

import atexit
import os
import sys
import time
from _thread import get_ident

MAX_DRAWS = 1000  # more are counted
MAX_STATES = 100  # of the draws, how many may keep a state of `random` (2.5 kB each)
MAX_OPENED = 5000

here = ""  # our folder
told = ""  # the file that the shell's prologue wrote; ours are named after it
workdir = ""
started = 0
parent = 0
forks = 0
journal = False  # in a forked process, which may be ended without a word: each draw is written at once
done = 0  # the process that has told
draws = []
lost = 0  # draws beyond MAX_DRAWS
states = 0
opened = {}  # path -> None, in order
crowded = False
loads = {}  # models that were loaded, by all that is told of them; see _provcap_weights.py
unseen = []  # what could not be watched
ours = set()  # shared objects that were loaded for us alone
stdlib = os.path.dirname(os.__file__)
inside = False  # in a run: block, in somebody else's process
before = frozenset()  # the modules that were there when a run: block began
named = frozenset()  # those of them that the block's code names
lines = {}  # of a run: block, file -> line of its code as it was compiled -> line that the user wrote
name_of_block = None
first_state = None  # of `random`, when the process of a run: block began
mapped = frozenset()  # the shared objects that it had
me = sys.modules.get(__name__)

_written = set()
_last = {}  # thread -> (frame, instruction, draw) of the last unseeded NumPy draw
_pairs = {}  # thread -> [depth, entropy] inside SeedSequence
_entropies = set()
_random = None  # the `random` module and the state of its hidden generator
_numpy = None  # the hidden RandomState of NumPy
_torch = None
_tensorflow = False
_replay = None
_cell = None  # in a notebook's process, whether code of a cell runs
_teller = None  # _provcap_told, beside a run: block
_weights = None  # what _provcap_weights.py defines, once a library that loads models was imported
_replaced = []  # (object, name, what stood there, what we put there)


def start(name, folder):
    """Begin to watch a process; files are named after `name`, our own code is in `folder`."""
    if here:
        return  # a probe of an outer run stands behind this one
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_parent=_count_fork, after_in_child=_forked)
    _watch(name, folder)
    atexit.register(finish)


def begin(name, folder, block, linemaps, used, state):
    """Begin to watch a run: block.

    `block` is its name for the ledger, `used` the modules that its code names, `state` the state of `random` before
    the workflow was read, or None.
    """
    global here, inside, before, named, lines, name_of_block, first_state, mapped
    here = folder
    inside, name_of_block, lines, first_state = True, block, linemaps, state
    before, named, mapped = frozenset(sys.modules), frozenset(used), frozenset(_load().shared_objects())
    _watch(name, folder)
    _replace(os, "fork", Seen(os.fork, _fork_of_block))


def stop():
    """Put back what was replaced, the last first; what somebody else has replaced meanwhile stays."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, Finder)]
    for holder, name, theirs, ours in reversed(_replaced):
        if vars(holder).get(name) is ours:
            setattr(holder, name, theirs)
    _replaced[:] = []


def _watch(name, folder):
    global here, told, workdir, started, _replay
    here, told = folder, name
    workdir = name
    for _ in range(5):  # <workdir>/.provcap/runs/<run>/shell/<name>
        workdir = os.path.dirname(workdir)
    started = int(time.time() * 1e9)
    _replay = given(name + ".replay")
    sys.meta_path.insert(0, Finder())
    for module in list(WATCHED):
        if module in sys.modules:
            try:
                WATCHED[module](sys.modules[module])
            except Exception:
                unseen.append(module)
    _watch_files()


def _replace(holder, name, ours):
    _replaced.append((holder, name, vars(holder).get(name), ours))
    setattr(holder, name, ours)


# ---------------------------------------------------------------------------------------------------------- the ledger


def add(source, kind, value, where):
    """A draw for the ledger. `value` is text, or a state that becomes text when it is told."""
    global lost, states
    draw = {"source": source, "kind": kind, "value": value, "where": where}
    if len(draws) >= MAX_DRAWS:
        lost += 1
        return draw
    if isinstance(value, tuple):
        states += 1
        if states > MAX_STATES:
            draw["value"] = None
    draws.append(draw)
    if journal:
        _load().note(me, draw)
    return draw


def where(frame):
    """The line of the user's code that led here: the innermost one that is in no installed package."""
    first = None
    while frame is not None:
        name = frame.f_code.co_filename
        if not is_stdlib(name) and not name.startswith(here):
            if first is None:
                first = frame
            if "site-packages" not in name and "dist-packages" not in name:
                return place(name, frame.f_lineno)
        frame = frame.f_back
    return place(first.f_code.co_filename, first.f_lineno) if first is not None else None


def place(name, line):
    """A file and line as the user knows them: a script's own name and line instead of Snakemake's copy of it."""
    if name == "<string>":
        return "-c:%d" % line
    if name in lines:
        line = lines[name].get(line, line)
    if name.startswith(("/tmp/ipykernel_", "<ipython")):
        return "notebook:%d" % line
    if "/.snakemake/scripts/" in name:
        try:
            with open(name, "rb") as stream:
                for number, text in enumerate(stream, 1):
                    if text.startswith(b"######## snakemake preamble end"):
                        line -= number
                        break
                    if number > 50:
                        break
        except OSError:
            pass
    return "%s:%d" % (own_name(name), line)


def own_name(name):
    """`name` relative to the work directory; for a copy that Snakemake made, the script's name."""
    if "/.snakemake/scripts/" in name:
        return name.rsplit("/", 1)[-1].split(".", 1)[-1]
    return name[len(workdir) + 1 :] if name.startswith(workdir + "/") else name


def main_name():
    """What this process runs: a script's name, -c, or -m and a module. sys.argv is not there yet."""
    if inside:
        return name_of_block
    try:
        with open("/proc/self/cmdline", "rb") as stream:
            words = stream.read().decode("utf-8", "replace").split("\0")[1:-1]
    except OSError:
        return None
    while words and words[0].startswith("-") and words[0] != "-":
        word = words.pop(0)
        if word.startswith("--") or word[-1] not in "cmWX":
            continue
        if word[-1] == "c":
            return "-c"
        if word[-1] == "m":
            return "-m " + (words[0] if words else "")
        words[:1] = []
    if not words:
        return None
    return own_name(os.path.join(os.getcwd(), words[0]))


def is_stdlib(name):
    return name.startswith("<frozen") or (
        name.startswith(stdlib) and "site-packages" not in name and "dist-packages" not in name
    )


def caller(frame):
    """The frame that called into `random` or into us."""
    while frame is not None and (
        frame.f_code.co_filename == __file__ or frame.f_code.co_filename.endswith(("/random.py", "<frozen random>"))
    ):
        frame = frame.f_back
    return frame


def plain(value):
    """A seed as text, cut where it is long."""
    if hasattr(value, "tolist"):
        value = value.tolist() if getattr(value, "size", 1) <= 64 else value.ravel()[:64].tolist()
    return repr(value)[:200] if not isinstance(value, int) else str(int(value))[:200]


# ----------------------------------------------------------------------------------------------------------- `random`


def patch_random(module):
    """Random.seed is called for each generator that `random` makes; its hidden one is compared with its first state."""
    global _random, _cell
    cls, inst = module.Random, module._inst
    original = cls.seed

    def seed(self, *args, **kwargs):
        if self is inst:
            _check_random()
        result = original(self, *args, **kwargs)
        try:
            _seeded_random(self, args[0] if args else kwargs.get("a"), sys._getframe(1))
        except Exception:
            pass
        return result

    dress(seed, original)
    _replace(cls, "seed", seed)
    if getattr(module.seed, "__self__", None) is inst:
        _replace(module, "seed", inst.seed)
    _random = {"inst": inst, "setstate": cls.setstate, "sha512": module._sha512}
    _patch_setstate(module, cls)
    _cell = False if notebook(main_name() or "") else None
    _track_random(add("random", None, None, "notebook" if _cell is False else main_name()))
    if hasattr(os, "register_at_fork") and not inside:
        # after what `random` itself does there: it seeds its hidden generator anew, whatever seed the parent had set
        os.register_at_fork(after_in_child=_forked_random)


def notebook(program):
    """Whether this process works for a notebook: only what its cells draw is the user's."""
    name = program.rpartition("/")[2]
    return name.startswith(("-m ipykernel", "ipykernel_launcher", "papermill", "jupyter"))


def patch_ipython(module):
    """The kernel, too, draws from `random`. What counts is what happens while code of a cell runs."""
    if _cell is None:
        return
    original = module.InteractiveShell.run_code
    if not original.__code__.co_flags & 0x80:  # no coroutine: IPython before 7
        unseen.append("cells of a notebook")
        return

    async def run_code(self, *args, **kwargs):
        _cell_begins()
        try:
            return await original(self, *args, **kwargs)
        finally:
            _cell_ends()

    dress(run_code, original)
    _replace(module.InteractiveShell, "run_code", run_code)


def _cell_begins():
    global _cell
    _cell = True
    try:
        if _random is None or _random["slot"] is None:
            return
        if _random["slot"]["kind"] is not None:
            if _random["inst"].getstate() == _random["base"]:
                return
            _random["slot"] = add("random", None, None, "notebook")  # the kernel drew since the last cell
        _track_random(_random["slot"])
    except Exception:
        pass


def _cell_ends():
    global _cell
    try:
        _check_random()
        _random["base"] = _random["inst"].getstate()
    except Exception:
        pass
    _cell = False


def _patch_setstate(module, cls):
    original = cls.setstate

    def setstate(self, state):
        if self is _random["inst"]:
            _check_random()
        elif not journal and draws and draws[-1]["value"].__class__ is tuple and draws[-1]["value"] == self.getstate():
            draws.pop()  # a copy in the making, or a generator whose entropy nobody used
        result = original(self, state)
        try:
            _state_set(self, state, sys._getframe(1))
        except Exception:
            pass
        return result

    dress(setstate, original)
    _replace(cls, "setstate", setstate)
    if getattr(module.setstate, "__self__", None) is _random["inst"]:
        _replace(module, "setstate", _random["inst"].setstate)


def _state_set(self, state, frame):
    """A state that somebody put into a generator; not the copy or pickle of one."""
    if frame.f_code.co_name == "__setstate__" or is_stdlib(frame.f_code.co_filename):
        return
    source = "random"
    if self is not _random["inst"]:
        source = "random.Random"
    elif state == _random["first"]:
        _random["slot"] = _random["own"]  # its own entropy again, which is nobody's seed
        return
    else:
        _random["slot"] = None
    add(source, "seeded", "state " + brief(repr(state).encode()), where(frame))


def brief(content):
    """A short digest of a generator's state: of the first 16 hex digits of its SHA-512."""
    return "sha512:" + sha512()(content).hexdigest()[:16]


def sha512():
    if _random is not None:
        return _random["sha512"]
    import hashlib

    return hashlib.sha512


def _track_random(slot):
    """From here on the state of the hidden generator is nobody's seed, but entropy, or what replay gives."""
    inst = _random["inst"]
    state = None if _cell is False else take("random", slot["where"])
    _random["doubt"] = inside and state is None and first_state is not None and inst.getstate() != first_state
    if state is not None:
        _random["setstate"](inst, unpacked(state))
    first = inst.getstate()
    _random.update(slot=slot, own=slot, base=first, first=first)


def _forked_random():
    try:
        _track_random({"source": "random", "kind": None, "value": None, "where": main_name()})
    except Exception:
        pass


def _check_random():
    """Has the hidden generator been used since it was last looked at, and nobody had seeded it?"""
    if _random is not None and _random["slot"] is not None and _random["slot"]["kind"] is None and _cell is not False:
        if _random["inst"].getstate() == _random["base"]:
            return
        if _random["doubt"]:
            unseen.append("random, seeded or used before the run block began,")
            _random["slot"] = None
        else:
            _random["slot"].update(kind="unseeded", value=_random["first"])


def _seeded_random(self, value, frame):
    frame = caller(frame)
    if frame is None or is_stdlib(frame.f_code.co_filename):
        return
    source = "random"
    if self is _random["inst"]:
        _random["slot"] = None  # from here on its state comes from this call
    else:
        source = "random.Random"
    at = where(frame)
    if value is not None:
        add(source, "seeded", plain(value), at)
        return
    state = take(source, at)
    if state is not None:
        _random["setstate"](self, unpacked(state))
    add(source, "unseeded", self.getstate(), at)


def unpacked(text):
    """A state of `random` from its text."""
    import binascii

    _, position, words = text.split(":")
    raw = binascii.a2b_base64(words)
    numbers = tuple(int.from_bytes(raw[i : i + 4], "little") for i in range(0, len(raw), 4))
    return 3, numbers + (int(position),), None


def dress(ours, theirs):
    for name in ("__module__", "__name__", "__qualname__", "__doc__"):
        try:
            setattr(ours, name, getattr(theirs, name))
        except AttributeError:
            pass
    ours.__dict__.update(getattr(theirs, "__dict__", {}))
    ours.__wrapped__ = theirs


# -------------------------------------------------------------------------------------------------------------- NumPy


def patch_bit_generator(module):
    """Every NumPy generator without a seed calls randbits; each seed passes through _coerce_to_uint32_array."""
    bits, coerce = module.randbits, module._coerce_to_uint32_array

    def randbits(k):
        value = bits(k)
        try:
            return _drew(value, sys._getframe(1))
        except Exception:
            return value

    def _coerce_to_uint32_array(x):
        thread = get_ident()
        pair = _pairs.setdefault(thread, [0, None, False])
        pair[0] += 1
        try:
            result = coerce(x)
            if pair[0] == 1:
                _sequence(pair, x, sys._getframe(1))
            return result
        except Exception:
            pair[1:] = [None, False]
            raise
        finally:
            pair[0] -= 1

    _replace(module, "randbits", randbits)
    _replace(module, "_coerce_to_uint32_array", _coerce_to_uint32_array)


def _drew(value, frame):
    """Entropy for a generator without a seed, or what replay gives instead."""
    global _numpy
    name = frame.f_code.co_filename
    if name.endswith("numpy/random/_pickle.py") or _discards(frame):
        _entropies.add(value)  # a copy in the making, whose state is set next
        if "jumped" not in frame.f_code.co_names:
            _last[get_ident()] = (id(frame), frame.f_lasti, None)
        return value
    if name.startswith("<frozen importlib") and _numpy is None:
        slot = add("numpy.random", None, None, main_name())
        given_value = take("numpy.random", slot["where"])
        value = int(given_value) if given_value is not None else value
        _numpy = {"slot": slot, "entropy": value, "rand": None, "base": None}
        _entropies.add(value)
        return value
    at = where(frame)
    given_value = take("numpy.random.Generator", at)
    value = int(given_value) if given_value is not None else value
    _entropies.add(value)
    draw = add("numpy.random.Generator", "unseeded", str(value), at)
    _last[get_ident()] = (id(frame), frame.f_lasti, draw)
    return value


def _discards(frame):
    """Whether the line makes a generator that throws this entropy away: jumped(), or Philox(key=…)."""
    names = frame.f_code.co_names
    if "jumped" not in names and "Philox" not in names:
        return False
    import linecache

    line = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
    return ".jumped(" in line or ("Philox(" in line and "key=" in line)


def _sequence(pair, value, frame):
    """SeedSequence hands over its entropy, then its spawn key."""
    if not pair[2]:
        pair[1:] = [value, True]
        return
    entropy = pair[1]
    pair[1:] = [None, False]
    try:
        if entropy in _entropies:
            return
    except TypeError:
        pass
    text = plain(entropy)
    if len(value):
        text += " spawn_key=" + plain(value)
        if any(d["kind"] == "seeded" and d["value"] == plain(entropy) for d in draws):
            return  # a child of one that is known
    at = where(frame)
    if not is_stdlib(frame.f_code.co_filename):
        add("numpy.random.Generator", "seeded", text, at)


def patch_mt19937(module):
    """Legacy seeding, of RandomState and numpy.random.seed, calls operator.index with the seed first."""
    import operator

    stand_in = type(sys)("operator")
    stand_in.__dict__.update(operator.__dict__)

    def index(value):
        try:
            _legacy(value, sys._getframe(1))
        except Exception:
            pass
        return operator.index(value)

    stand_in.index = index
    if getattr(module, "operator", None) is operator:
        _replace(module, "operator", stand_in)


def _legacy(value, frame):
    _check_numpy()
    last = _last.pop(get_ident(), None)
    if last is not None and last[:2] == (id(frame), frame.f_lasti) and draws and draws[-1] is last[2]:
        draws.pop()  # RandomState(seed) draws entropy, and then throws it away
    add("numpy.random", "seeded", plain(value), where(frame))


def patch_common(module):
    """Keys and counters go through numpy.asarray of this module: Philox(key=…) asks for its key, then its counter."""
    theirs = getattr(module, "np", None)
    if theirs is None:
        return

    class StandIn(type(sys)):
        def __getattr__(self, name):  # NumPy itself is not complete yet
            return getattr(theirs, name)

    stand_in = StandIn(theirs.__name__)
    stand_in.__dict__.update(theirs.__dict__)

    def asarray(value, *args, **kwargs):
        try:
            _key(value, sys._getframe(1))
        except Exception:
            pass
        return theirs.asarray(value, *args, **kwargs)

    stand_in.asarray = asarray
    _replace(module, "np", stand_in)


def _key(value, frame):
    """The second number of one construction is the counter, so the first was the key of a generator without a seed."""
    thread = get_ident()
    at = (id(frame), frame.f_lasti)
    last = _last.get(thread)
    if last is None or last[:2] != at:
        return
    if len(last) == 3:
        _last[thread] = last + (value,)
        return
    del _last[thread]
    if last[2] is not None:
        if not draws or draws[-1] is not last[2]:
            return
        draws.pop()  # the generator drew entropy, and then threw it away
    if "jumped" in frame.f_code.co_names and isinstance(value, int) and value >= 1 << 128:
        return  # the length of a jump, after the counter of the copy that jumped
    add("numpy.random.Generator", "seeded", "key " + plain(last[3]), where(frame))


def patch_mtrand(module):
    global _numpy
    if inside and _numpy is None:
        _numpy = _standing(module)
    if _numpy is not None:
        _numpy["rand"] = module._rand
        _numpy["base"] = legacy_state(module._rand)
    original = module.set_state

    def set_state(state):
        _check_numpy()
        result = original(state)
        try:
            content = legacy_state(module._rand)
            if _numpy is not None:
                if content == _numpy["base"]:
                    return result  # its own entropy again, which is nobody's seed
                _numpy["rand"] = None
            add("numpy.random", "seeded", "state " + brief(repr(content).encode()), where(sys._getframe(1)))
        except Exception:
            pass
        return result

    dress(set_state, original)
    _replace(module, "set_state", set_state)
    package = sys.modules.get("numpy.random")
    if package is not None and vars(package).get("set_state") is original:
        _replace(package, "set_state", set_state)


def _standing(module):
    """The hidden RandomState of a process that has had it for a while. Its entropy is known if nobody used it yet."""
    rand = module._rand
    bits = rand._bit_generator
    sequence = getattr(bits, "seed_seq", None) or getattr(bits, "_seed_seq", None)
    found = {"slot": add("numpy.random", None, None, main_name()), "entropy": None, "rand": rand, "base": None}
    if sequence is None:
        return dict(found, doubt="numpy.random, seeded before the run block began,")
    found["entropy"] = found["sequence"] = sequence.entropy
    _entropies.add(sequence.entropy)
    given_value = take("numpy.random", found["slot"]["where"])
    if given_value is not None:
        found["entropy"] = int(given_value)
        _entropies.add(found["entropy"])
        bits.state = type(bits)(type(sequence)(found["entropy"])).state
    elif legacy_state(module.RandomState(type(bits)(type(sequence)(sequence.entropy)))) != legacy_state(rand):
        found["doubt"] = "numpy.random, used before the run block began,"
    return found


def legacy_state(rand):
    """The state of a RandomState in a form that can be compared."""
    state = rand.get_state()
    return state[1].tobytes(), state[2:]


def _check_numpy():
    """Has the hidden RandomState been used since it was last looked at, and nobody had seeded it?"""
    if _numpy is None or _numpy["rand"] is None or _numpy["slot"]["kind"] is not None:
        return
    if _numpy.get("doubt"):
        if legacy_state(_numpy["rand"]) != _numpy["base"]:
            unseen.append(_numpy.pop("doubt"))
            _numpy["rand"] = None
        return
    bits = _numpy["rand"]._bit_generator
    sequence = getattr(bits, "seed_seq", None) or getattr(bits, "_seed_seq", None)
    if sequence is not None and sequence.entropy == _numpy.get("sequence", _numpy["entropy"]):
        if legacy_state(_numpy["rand"]) != _numpy["base"]:
            _numpy["slot"].update(kind="unseeded", value=str(_numpy["entropy"]))


def patch_numpy_random(_module):
    if _numpy is None and not inside:
        unseen.append("numpy.random")  # older than 1.17


# -------------------------------------------------------------------------------------------------- torch, TensorFlow


def patch_torch(module):
    global _torch
    slot = add("torch", None, None, main_name())
    given_value = take("torch", slot["where"])
    if given_value is not None:
        module.default_generator.manual_seed(int(given_value))
    _torch = {"module": module, "slot": slot, "entropy": module.initial_seed(), "base": None}
    _torch["base"] = module.default_generator.get_state().clone()
    for name in ("manual_seed", "seed"):
        _wrap_torch(module, name)


def _wrap_torch(module, name):
    original = getattr(module, name)

    def seeding(*args, **kwargs):
        _check_torch()
        result = original(*args, **kwargs)
        try:
            _torch["slot"] = None
            if name == "seed":
                add("torch", "unseeded", str(result), where(sys._getframe(1)))
            else:
                add("torch", "seeded", plain(args[0] if args else kwargs.get("seed")), where(sys._getframe(1)))
        except Exception:
            pass
        return result

    dress(seeding, original)
    _replace(module, name, seeding)
    if getattr(module.random, name, None) is original:
        _replace(module.random, name, seeding)


def _check_torch():
    slot = _torch and _torch["slot"]
    if (
        slot
        and slot["kind"] is None
        and not _torch["module"].equal(_torch["module"].default_generator.get_state(), _torch["base"])
    ):
        slot.update(kind="unseeded", value=str(_torch["entropy"]))


def patch_tensorflow(module):
    """set_seed sets the global seed; each random operation asks get_seed, which gives (None, None) without one."""
    for name in ("set_seed", "set_random_seed"):
        if hasattr(module, name):
            _wrap_tensorflow(module, name)
    original = module.get_seed

    def get_seed(*args, **kwargs):
        global _tensorflow
        result = original(*args, **kwargs)
        try:
            if not _tensorflow and tuple(result) == (None, None):
                _tensorflow = True
                add("tensorflow", "unseeded", None, where(sys._getframe(1)))
        except Exception:
            pass
        return result

    dress(get_seed, original)
    _replace(module, "get_seed", get_seed)


def _wrap_tensorflow(module, name):
    original = getattr(module, name)

    def set_seed(*args, **kwargs):
        count = len(draws)
        result = original(*args, **kwargs)
        try:
            if not any(d["source"] == "tensorflow" for d in draws[count:]):  # one of the names calls the other
                add("tensorflow", "seeded", plain(args[0] if args else kwargs.get("seed")), where(sys._getframe(1)))
        except Exception:
            pass
        return result

    dress(set_seed, original)
    _replace(module, name, set_seed)


def patch_weights(module):
    """Let _provcap_weights.py see the models that a library loads. It is run here without an import."""
    global _weights
    if _weights is None:
        name = os.path.join(here, "_provcap_weights.py")
        with open(name, "rb") as stream:
            code = compile(stream.read(), name, "exec")
        found = {"__name__": "_provcap_weights", "__file__": name}
        exec(code, found)
        _weights = found
    _weights["patch"](me, module)


def patch_torch_and_weights(module):
    patch_torch(module)
    try:
        patch_weights(module)
    except Exception:
        unseen.append("models that torch loads")


WATCHED = {
    "random": patch_random,
    "numpy.random": patch_numpy_random,
    "numpy.random._common": patch_common,
    "numpy.random.bit_generator": patch_bit_generator,
    "numpy.random._mt19937": patch_mt19937,
    "numpy.random.mt19937": patch_mt19937,
    "numpy.random.mtrand": patch_mtrand,
    "IPython.core.interactiveshell": patch_ipython,
    "torch": patch_torch_and_weights,
    "tensorflow.python.framework.random_seed": patch_tensorflow,
    "tensorflow.python.saved_model.load": patch_weights,
    "onnxruntime.capi.onnxruntime_inference_collection": patch_weights,
    "keras.src.saving.saving_api": patch_weights,
    "safetensors.numpy": patch_weights,
    "safetensors.torch": patch_weights,
}


class Finder:
    """Finds nothing itself; lets the module that the other finders find be looked at once it has been loaded."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        patch = WATCHED.get(name)
        if patch is None:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec = find(name, path, target) if find is not None and not isinstance(finder, Finder) else None
            if spec is not None:
                break
        else:
            return None
        loader = spec.loader
        if loader is None or isinstance(loader, type) or not hasattr(loader, "exec_module"):
            return spec
        original = loader.exec_module

        def exec_module(module):
            loader.__dict__.pop("exec_module", None)
            original(module)
            try:
                patch(module)
            except Exception:
                unseen.append(name)

        try:
            loader.exec_module = exec_module
        except Exception:
            unseen.append(name)
        return spec


# ------------------------------------------------------------------------------------------------------------- replay


def given(name):
    """What replay gives back in this job: a list of the draws of each recorded process, or None."""
    try:
        stream = open(name, "rb")
    except OSError:
        return None
    import json

    with stream:
        return {"processes": json.loads(stream.read().decode("utf-8")), "mine": None}


def take(source, at):
    """The next recorded value of `source` drawn at the place `at`, or None.

    A process takes over the first recorded process that drew this and that no other one has taken over.
    """
    if _replay is None:
        return None
    if _replay["mine"] is None:
        for number, process in enumerate(_replay["processes"]):
            if any(d["source"] == source and d["where"] == at for d in process) and claim(number):
                _replay["mine"] = list(process)
                break
        else:
            return None
    for draw in _replay["mine"]:
        if draw["source"] == source and draw["where"] == at:
            _replay["mine"].remove(draw)
            return draw["value"]
    return None


def claim(number):
    base = told.rsplit(".", 1)[0]
    try:
        os.close(os.open("%s.claim.%d" % (base, number), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
        return True
    except OSError:
        return False


# -------------------------------------------------------------------------------------------------------------- files


class Seen:
    """Stands for a builtin function: `note(result, args, kwargs)` sees each call of it that succeeded.

    An object like a builtin: as an attribute of a class it does not become a method. A call that fails shows one line
    more in its traceback.
    """

    def __init__(self, original, note):
        self.__dict__.update(original=original, note=note, __doc__=original.__doc__)
        for name in ("__name__", "__qualname__", "__module__", "__text_signature__"):
            self.__dict__[name] = getattr(original, name, None)

    def __call__(self, *args, **kwargs):
        result = self.original(*args, **kwargs)
        try:
            self.note(result, args, kwargs)
        except Exception:
            pass
        return result

    def __repr__(self):
        return repr(self.original)

    def __eq__(self, other):
        return self is other or self.original == other

    def __hash__(self):
        return hash(self.original)

    def __reduce__(self):
        return self.original.__name__

    @property
    def __signature__(self):
        import inspect

        return inspect.signature(self.original)


def _watch_files():
    """Let open and os.open note files below the work directory that are opened to be read."""
    import _io
    import builtins
    import io

    theirs, ours = io.open, Seen(io.open, _open)
    for holder in (builtins, io, _io):
        if holder.open is theirs:
            _replace(holder, "open", ours)
    theirs, ours = os.open, Seen(os.open, _os_open)
    for holder in (os, sys.modules.get("posix")):
        if holder is not None and holder.open is theirs:
            _replace(holder, "open", ours)


def _open(stream, args, kwargs):
    path = args[0] if args else kwargs["file"]
    if path.__class__ is int or crowded:
        return
    if path.__class__ is not str:
        path = stream.name
        if path.__class__ is not str:
            path = os.fsdecode(path)
    mode = args[1] if len(args) > 1 else kwargs.get("mode", "r")
    _opens(path, os.O_CREAT if "w" in mode or "x" in mode or "a" in mode else 0)


def _os_open(_descriptor, args, kwargs):
    if not crowded and kwargs.get("dir_fd") is None:
        path = args[0] if args else kwargs["path"]
        _opens(os.fsdecode(path), args[1] if len(args) > 1 else kwargs["flags"])


def _opens(path, flags):
    global crowded
    full = path if path[:1] == "/" else os.getcwd() + "/" + path
    if full in opened or not full.startswith(workdir):
        return
    if flags & (os.O_WRONLY | os.O_CREAT | os.O_TRUNC):
        _written.add(full)
    elif full not in _written:
        opened[full] = None
    crowded = len(opened) + len(_written) > MAX_OPENED


# ------------------------------------------------------------------------------------------------------------ the end


def _count_fork():
    global forks
    forks += 1


def _fork_of_block(child, _args, _kwargs):
    if child:
        _count_fork()


def _forked():
    """A child of fork() is a process of its own. multiprocessing ends its children without atexit."""
    global started, parent, journal, lost, states, forks, done
    try:
        parent = os.getppid()
        started, journal, lost, states, forks, done = int(time.time() * 1e9), True, 0, 0, 0, 0
        draws[:] = []
        for holder in (_last, _pairs, opened, _written, loads):
            holder.clear()
        if _numpy is not None and _numpy["rand"] is not None:
            _numpy["slot"] = dict(_numpy["slot"], kind=None, value=None)
            _numpy["base"] = legacy_state(_numpy["rand"])
        if _torch is not None and _torch["slot"] is not None:
            _torch["slot"] = dict(_torch["slot"], kind=None, value=None)
            _torch["base"] = _torch["module"].default_generator.get_state().clone()
        if _replay is not None:
            _replay["mine"] = None
        util = sys.modules.get("multiprocessing.util")
        if util is not None:
            util.register_after_fork(finish, lambda _: util.Finalize(None, finish, exitpriority=-1000))
    except Exception:
        pass


def settle():
    """The draws, those of hidden generators among them that were used without a seed."""
    for check in (_check_random, _check_numpy, _check_torch):
        try:
            check()
        except Exception:
            unseen.append(check.__name__[7:])
    for tracked in (_random, _numpy, _torch):
        slot = tracked and tracked["slot"]
        if slot and slot["kind"] and not any(d is slot for d in draws):
            draws.append(slot)  # in a forked process
    return [draw for draw in draws if draw["kind"] and not draw.get("lost")]


def _load():
    """_provcap_told, which is only loaded when there is something to tell."""
    global _teller
    if inside:
        _teller = _teller or _of_file("_provcap_told")
        return _teller
    sys.path.insert(0, here)
    try:
        import _provcap_told
    finally:
        try:
            sys.path.remove(here)
        except ValueError:
            pass
    return _provcap_told


def _of_file(name):
    """A module of ours that nobody finds in sys.modules."""
    import importlib.util

    spec = importlib.util.spec_from_file_location(name, os.path.join(here, name + ".py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def finish():
    """Tell what was seen, once per process."""
    global done
    try:
        if done != os.getpid():
            done = os.getpid()
            _load().tell(me)
    except Exception:
        pass
