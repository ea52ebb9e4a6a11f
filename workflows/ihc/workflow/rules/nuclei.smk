# From stain densities to one table of nuclei.


rule segment_nuclei:
    input:
        "results/denoised/{tile}.tif",
    output:
        "results/labels/{tile}.ome.tif",
    log:
        "logs/segment_nuclei/{tile}.log",
    benchmark:
        "benchmarks/segment_nuclei/{tile}.tsv"
    params:
        **config["segmentation"],
        core=lambda wildcards: core(wildcards.tile),
        window=lambda wildcards: window(wildcards.tile),
        pixel_size_um=config["pixel_size_um"],
    script:
        "../scripts/segment_nuclei.py"


rule measure_nuclei:
    input:
        stains="results/stains/{tile}.ome.tif",
        labels="results/labels/{tile}.ome.tif",
    output:
        "results/measurements/{tile}.tsv",
    log:
        "logs/measure_nuclei/{tile}.log",
    params:
        **config["measurement"],
        window=lambda wildcards: window(wildcards.tile),
    script:
        "../scripts/measure_nuclei.py"


# The header of the first table, then the rows of all.
rule merge_measurements:
    input:
        expand("results/measurements/{tile}.tsv", tile=TILES),
    output:
        "results/nuclei.tsv",
    log:
        "logs/merge_measurements.log",
    shell:
        "awk 'NR == 1 || FNR > 1' {input} > {output} 2> {log}"
