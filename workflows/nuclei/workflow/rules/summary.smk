# From the table of nuclei and the score to a number, a figure and a page.


rule bootstrap_median:
    input:
        "results/nuclei.tsv",
    output:
        "results/median_area.json",
    log:
        "logs/bootstrap_median.log",
    params:
        **config["bootstrap"],
    script:
        "../scripts/bootstrap_median.py"


rule plot_figure:
    input:
        image=IMAGES["phase_gradient"],
        labels="results/phase_gradient/labels.ome.tif",
        nuclei="results/nuclei.tsv",
        median="results/median_area.json",
        scored=IMAGES["fluorescence"],
        scored_labels="results/fluorescence/labels.ome.tif",
        truth=TRUTH,
        score="results/score.json",
    output:
        "results/figure.png",
    log:
        "logs/plot_figure.log",
    params:
        **config["figure"],
    script:
        "../scripts/plot_figure.py"


rule write_summary:
    input:
        median="results/median_area.json",
        score="results/score.json",
        manifest="results/model/manifest.json",
    output:
        "results/summary.md",
    log:
        "logs/write_summary.log",
    script:
        "../scripts/write_summary.py"
