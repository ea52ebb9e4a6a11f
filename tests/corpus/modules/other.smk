rule say:
    output: "said"
    params: word=config["word"]
    shell: "echo {params.word} > {output}"
