rule upper:
    input: "{x}.in"
    output: "{x}.upper"
    params: mark=""
    shell: "tr a-z A-Z < {input} > {output}; echo '{params.mark}' >> {output}"
