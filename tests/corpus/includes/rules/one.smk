include: "two.smk"

rule fast:
    output: "{x}.out"
    priority: 10
    shell: "echo fast > {output}"

rule slow:
    output: "{x}.out"
    shell: "echo slow > {output}"
