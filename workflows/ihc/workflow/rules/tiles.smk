# From the micrograph to the stain densities of each tile.


rule fetch_micrograph:
    output:
        "resources/micrograph.tif",
    log:
        "logs/fetch_micrograph.log",
    script:
        "../scripts/fetch_micrograph.py"


rule cut_tiles:
    input:
        MICROGRAPH,
    output:
        temp(expand("results/tiles/{tile}.tif", tile=TILES)),
    log:
        "logs/cut_tiles.log",
    params:
        windows=[window(tile) for tile in TILES],
    script:
        "../scripts/cut_tiles.py"


rule unmix_stains:
    input:
        "results/tiles/{tile}.tif",
    output:
        "results/stains/{tile}.ome.tif",
    log:
        "logs/unmix_stains/{tile}.log",
    params:
        pixel_size_um=config["pixel_size_um"],
    script:
        "../scripts/unmix_stains.py"


rule denoise_haematoxylin:
    input:
        "results/stains/{tile}.ome.tif",
    output:
        temp("results/denoised/{tile}.tif"),
    log:
        "logs/denoise_haematoxylin/{tile}.log",
    params:
        **config["denoising"],
    script:
        "../scripts/denoise_haematoxylin.py"
