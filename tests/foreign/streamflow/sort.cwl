cwlVersion: v1.2
class: CommandLineTool
doc: Lines are put in order
baseCommand: sort
inputs:
  reverse: {type: boolean, inputBinding: {prefix: -r}}
  text: {type: File, inputBinding: {position: 1}}
stdout: output.txt
outputs:
  sorted: stdout
