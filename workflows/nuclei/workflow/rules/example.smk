# The example: a micrograph and the network for it, and an image of which the nuclei are known.


# With the pip that Snakemake's own Python has, and where Snakemake runs: images have no pip, nodes often no network.
localrules:
    fetch_example,


rule fetch_example:
    output:
        "resources/PGC_20X.czi",
        "resources/PGC_20X_nucleus_detector.czseg",
        "resources/img2d.tif",
        "resources/mask2d.tif",
    log:
        "logs/fetch_example.log",
    params:
        packages=config["example"],
    container:
        None
    script:
        "../scripts/fetch_example.py"
