cwlVersion: v1.2
class: Workflow
inputs:
  text: File
  reverse: boolean
outputs:
  sorted:
    type: File
    outputSource: sort/sorted
steps:
  upper:
    run: upper.cwl
    in: {text: text}
    out: [upper]
  sort:
    run: sort.cwl
    in: {text: upper/upper, reverse: reverse}
    out: [sorted]
