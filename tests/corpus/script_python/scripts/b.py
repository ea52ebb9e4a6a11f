import shutil

shutil.copy(snakemake.input[0], snakemake.output[0])
