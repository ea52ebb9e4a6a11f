open(snakemake.output[0], "w").write("b\n")
