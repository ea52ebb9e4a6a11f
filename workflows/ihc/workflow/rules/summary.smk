# From the table of nuclei to a number, a figure and a page.


rule bootstrap_fraction:
    input:
        "results/nuclei.tsv",
    output:
        "results/dab_positive_fraction.json",
    log:
        "logs/bootstrap_fraction.log",
    params:
        **config["bootstrap"],
    script:
        "../scripts/bootstrap_fraction.py"


rule plot_figure:
    input:
        micrograph=MICROGRAPH,
        labels=expand("results/labels/{tile}.ome.tif", tile=TILES),
        nuclei="results/nuclei.tsv",
        fraction="results/dab_positive_fraction.json",
    output:
        "results/figure.png",
    log:
        "logs/plot_figure.log",
    params:
        **config["figure"],
        **config["measurement"],
        tiles=list(TILES),
        windows=[window(tile) for tile in TILES],
    script:
        "../scripts/plot_figure.py"


rule write_summary:
    input:
        nuclei="results/nuclei.tsv",
        fraction="results/dab_positive_fraction.json",
    output:
        "results/summary.md",
    log:
        "logs/write_summary.log",
    params:
        **config["measurement"],
    script:
        "../scripts/write_summary.py"
