import numpy
import sys

with open(snakemake.output[0], "w") as stream:
    print(numpy.__version__, sys.version_info[:2], snakemake.threads, file=stream)
