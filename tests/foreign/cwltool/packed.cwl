{
    "$graph": [
        {
            "class": "Workflow",
            "inputs": [
                {
                    "type": "boolean",
                    "id": "#main/reverse"
                },
                {
                    "type": "File",
                    "id": "#main/text"
                }
            ],
            "steps": [
                {
                    "run": "#sort.cwl",
                    "in": [
                        {
                            "source": "#main/reverse",
                            "id": "#main/sort/reverse"
                        },
                        {
                            "source": "#main/upper/upper",
                            "id": "#main/sort/text"
                        }
                    ],
                    "out": [
                        "#main/sort/sorted"
                    ],
                    "id": "#main/sort"
                },
                {
                    "run": "#upper.cwl",
                    "in": [
                        {
                            "source": "#main/text",
                            "id": "#main/upper/text"
                        }
                    ],
                    "out": [
                        "#main/upper/upper"
                    ],
                    "id": "#main/upper"
                }
            ],
            "id": "#main",
            "outputs": [
                {
                    "type": "File",
                    "outputSource": "#main/sort/sorted",
                    "id": "#main/sorted"
                }
            ]
        },
        {
            "class": "CommandLineTool",
            "doc": "Lines are put in order",
            "baseCommand": "sort",
            "inputs": [
                {
                    "type": "boolean",
                    "inputBinding": {
                        "prefix": "-r"
                    },
                    "id": "#sort.cwl/reverse"
                },
                {
                    "type": "File",
                    "inputBinding": {
                        "position": 1
                    },
                    "id": "#sort.cwl/text"
                }
            ],
            "stdout": "output.txt",
            "outputs": [
                {
                    "type": "File",
                    "id": "#sort.cwl/sorted",
                    "outputBinding": {
                        "glob": "output.txt"
                    }
                }
            ],
            "id": "#sort.cwl"
        },
        {
            "class": "CommandLineTool",
            "doc": "Letters become capitals",
            "baseCommand": [
                "tr",
                "a-z",
                "A-Z"
            ],
            "inputs": [
                {
                    "type": "File",
                    "id": "#upper.cwl/text"
                }
            ],
            "stdin": "$(inputs.text.path)",
            "stdout": "output.txt",
            "outputs": [
                {
                    "type": "File",
                    "id": "#upper.cwl/upper",
                    "outputBinding": {
                        "glob": "output.txt"
                    }
                }
            ],
            "id": "#upper.cwl"
        }
    ],
    "cwlVersion": "v1.2"
}