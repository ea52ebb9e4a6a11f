# From images to labels, the table of nuclei and the score.


rule unpack_model:
    input:
        MODEL,
    output:
        weights="results/model/nuclei.onnx",
        manifest="results/model/manifest.json",
    log:
        "logs/unpack_model.log",
    script:
        "../scripts/unpack_model.py"


rule convert_micrograph:
    input:
        MICROGRAPH,
    output:
        "results/phase_gradient/image.ome.tif",
    log:
        "logs/convert_micrograph.log",
    script:
        "../scripts/convert_micrograph.py"


rule segment_by_network:
    input:
        image=IMAGES["phase_gradient"],
        weights="results/model/nuclei.onnx",
        manifest="results/model/manifest.json",
    output:
        temp("results/phase_gradient/foreground.tif"),
    log:
        "logs/segment_by_network.log",
    benchmark:
        "benchmarks/segment_by_network.tsv"
    params:
        wanted=config["network"]["class"],
        probability=config["network"]["probability"],
        pixel_size_um=config["network"]["pixel_size_um"],
        pixel_size_rtol=config["network"]["pixel_size_rtol"],
    threads: 2
    script:
        "../scripts/segment_by_network.py"


rule segment_by_threshold:
    input:
        IMAGES["fluorescence"],
    output:
        temp("results/fluorescence/foreground.tif"),
    log:
        "logs/segment_by_threshold.log",
    params:
        **config["threshold"],
    script:
        "../scripts/segment_by_threshold.py"


rule label_nuclei:
    input:
        foreground="results/{image}/foreground.tif",
        image=lambda wildcards: IMAGES[wildcards.image],
    output:
        "results/{image}/labels.ome.tif",
    log:
        "logs/label_nuclei/{image}.log",
    params:
        settings=lambda wildcards: config["labelling"][wildcards.image],
    script:
        "../scripts/label_nuclei.py"


rule measure_nuclei:
    input:
        "results/phase_gradient/labels.ome.tif",
    output:
        "results/nuclei.tsv",
    log:
        "logs/measure_nuclei.log",
    script:
        "../scripts/measure_nuclei.py"


rule score_segmentation:
    input:
        labels="results/fluorescence/labels.ome.tif",
        truth=TRUTH,
    output:
        "results/score.json",
    log:
        "logs/score_segmentation.log",
    params:
        **config["matching"],
    script:
        "../scripts/score_segmentation.py"
