"""Python runs this at its start, because the prologue put our folder first on PYTHONPATH.

It takes our folder off sys.path again, starts the watcher where Python is 3.6 or newer, and then runs the sitecustomize
that it stood before, as if it had not been there: that one's errors are its own. PYTHONPATH stays as it is in the
environment, so that the Python processes which this one starts are watched too. It must parse as Python 2.7.
"""

import sys


def _start():
    import os

    here = os.path.dirname(os.path.abspath(__file__))
    try:
        if sys.version_info >= (3, 6) and os.environ.get("PROVCAP_TOLD"):
            import _provcap_watch

            _provcap_watch.start(os.environ["PROVCAP_TOLD"], here)
    except Exception:
        pass
    sys.path[:] = [place for place in sys.path if place != here]
    sys.path_importer_cache.pop(here, None)


_start()
_ours = sys.modules.pop("sitecustomize", None)
try:
    import sitecustomize  # noqa: F401 (the one that we stood before)
except ImportError as _error:
    if getattr(_error, "name", "sitecustomize") not in ("sitecustomize", None):
        raise
    if _ours is not None:
        sys.modules["sitecustomize"] = _ours
