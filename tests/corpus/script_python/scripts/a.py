"""What a script can see of itself."""

import os
import sys

from beside import NAME

print("printed by a script", flush=True)
with open(snakemake.log[0], "w") as log:
    log.write("log\n")
with open(snakemake.output.x, "w") as stream:
    print(NAME, __name__, sys.argv[1:], os.path.basename(__file__)[-4:], snakemake.params.n, snakemake.threads, file=stream)
    print(sorted(p for p in os.listdir(".") if not p.startswith(".")), sys.flags, file=stream)
    print([m for m in ("numpy", "json", "sqlite3") if m in sys.modules and m != "json"], file=stream)
