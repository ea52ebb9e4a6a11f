rule inner:
    output: "inner"
    run:
        shell("echo inner > {output}")
