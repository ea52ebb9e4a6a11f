"""The switch: ``logger: provcap`` in a profile, or ``snakemake --logger provcap``.

Snakemake imports every installed logger plugin in each of its processes. In the main one the handler below starts a
run; in a spawned one (a job of a cluster, a ``run:`` block) the variable PROVCAP_RUN tells that a run is on, and the
hooks are put in. Everything is fenced: whatever happens here, Snakemake goes on as if we were not there.
"""

import contextlib
import gc
import os
import sys
from dataclasses import dataclass, field
from logging import Handler, LogRecord
from typing import Any, Optional

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase


def _spawned() -> bool:
    """Whether this process runs jobs for another Snakemake; a workflow inside a job is a run of its own."""
    modes = [following for word, following in zip(sys.argv, sys.argv[1:], strict=False) if word == "--mode"]
    return any(mode in ("subprocess", "remote") for mode in modes)


if os.environ.get("PROVCAP_RUN") and _spawned():
    with contextlib.suppress(Exception):
        from provcap.capture import hooks

        hooks.install(os.environ["PROVCAP_RUN"])
        hooks.conceal()


@dataclass
class LogHandlerSettings(LogHandlerSettingsBase):
    """``logger-provcap-*`` in a profile, ``--logger-provcap-*`` on the command line.

    Snakemake reads the types of the fields and understands Optional, but not ``str | None``.
    """

    off: Optional[str] = field(
        default=None,
        metadata={"help": "Hooks to leave out (shell, python, r, hash, memory, new-files; RULE:HOOK), commas between."},
    )
    hash_max_bytes: Optional[int] = field(default=None, metadata={"help": "Larger files get no checksum."})

    def export(self) -> None:
        """Tell every process of the run."""
        if self.off is not None:
            os.environ["PROVCAP_OFF"] = self.off
        if self.hash_max_bytes is not None:
            os.environ["PROVCAP_HASH_MAX_BYTES"] = str(self.hash_max_bytes)


class LogHandler(LogHandlerBase):
    """Starts a run when Snakemake starts, follows its events, and collects the run when it ends."""

    _log: Any = None

    def __post_init__(self) -> None:
        if not hasattr(self, "level"):  # interface versions before 2 left this to the plugin
            Handler.__init__(self)
        if getattr(self.common_settings, "dryrun", False):
            return
        with contextlib.suppress(Exception):
            from provcap.capture import events, hooks

            if isinstance(self.settings, LogHandlerSettings):
                self.settings.export()
            log = events.EventLog(events.new_run_id())
            hooks.install(log.run_id)
            os.environ["PROVCAP_RUN"] = log.run_id
            self._log = log

    def emit(self, record: LogRecord) -> None:
        # an exception here would end the thread that serves all log handlers
        if self._log is not None:
            with contextlib.suppress(Exception):
                self._log.handle(record)

    def close(self) -> None:
        log, self._log = self._log, None
        if log is not None:
            try:
                os.environ.pop("PROVCAP_RUN", None)
                folder = log.close()
                if folder is not None:
                    self._finish(folder)
            except Exception as error:
                with contextlib.suppress(Exception):
                    print(f"provcap: the run was not recorded as it should be: {error}", file=sys.stderr)
        super().close()

    def _finish(self, folder: Any) -> None:
        announce = os.environ.pop("PROVCAP_ANNOUNCE", None)
        if announce:  # `provcap run` wants to know which run it was
            with open(announce, "w", encoding="utf-8") as stream:
                stream.write(str(folder))
        from provcap import collect

        gc.freeze()  # else each collection walks through Snakemake's graph: 0.5 s more for 500 jobs
        try:
            run = collect.collect(folder)
        finally:
            gc.unfreeze()
        if not getattr(self.common_settings, "quiet", None):
            print(f"provcap: {len(run.jobs)} attempts recorded in {folder} (see: provcap show)", file=sys.stderr)

    @property
    def writes_to_stream(self) -> bool:
        return False

    @property
    def writes_to_file(self) -> bool:
        return False

    @property
    def has_filter(self) -> bool:
        return True

    @property
    def has_formatter(self) -> bool:
        return True

    @property
    def needs_rulegraph(self) -> bool:
        return False
