# From the registered recording to tracked nuclei.


rule segment_nuclei:
    input:
        "results/registered.ome.zarr",
    output:
        temp(directory("results/nuclei/{chunk}.zarr")),
    log:
        "logs/segment_nuclei/{chunk}.log",
    benchmark:
        "benchmarks/segment_nuclei/{chunk}.tsv"
    params:
        **config["segmentation"],
        channel=CHANNEL,
        frames=lambda wildcards: CHUNKS[wildcards.chunk],
    script:
        "../scripts/segment_nuclei.py"


rule track_nuclei:
    input:
        expand("results/nuclei/{chunk}.zarr", chunk=CHUNKS),
    output:
        "results/tracks.tsv",
    log:
        "logs/track_nuclei.log",
    params:
        **config["tracking"],
    script:
        "../scripts/track_nuclei.py"


rule write_tracked:
    input:
        recording="results/registered.ome.zarr",
        nuclei=expand("results/nuclei/{chunk}.zarr", chunk=CHUNKS),
        tracks="results/tracks.tsv",
    output:
        directory("results/tracked.ome.zarr"),
    log:
        "logs/write_tracked.log",
    script:
        "../scripts/write_tracked.py"
