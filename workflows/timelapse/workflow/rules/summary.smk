# From tracks to numbers, a figure and a page.


rule score_tracks:
    input:
        reference=TRACKS,
        tracks="results/tracks.tsv",
        tracked="results/tracked.ome.zarr",
        drift="results/drift.tsv",
    output:
        "results/score.json",
    log:
        "logs/score_tracks.log",
    params:
        **config["scoring"],
    script:
        "../scripts/score_tracks.py"


rule estimate_motility:
    input:
        "results/tracks.tsv",
    output:
        "results/motility.json",
    log:
        "logs/estimate_motility.log",
    params:
        **config["motility"],
        pixel_size_um=config["pixel_size_um"],
        frame_interval_s=config["frame_interval_s"],
    script:
        "../scripts/estimate_motility.py"


rule plot_figure:
    input:
        tracked="results/tracked.ome.zarr",
        tracks="results/tracks.tsv",
        motility="results/motility.json",
    output:
        "results/figure.png",
    log:
        "logs/plot_figure.log",
    params:
        **config["figure"],
        channel=CHANNEL,
    script:
        "../scripts/plot_figure.py"


rule write_summary:
    input:
        tracks="results/tracks.tsv",
        drift="results/drift.tsv",
        motility="results/motility.json",
        score=SCORE,
    output:
        "results/summary.md",
    log:
        "logs/write_summary.log",
    script:
        "../scripts/write_summary.py"
