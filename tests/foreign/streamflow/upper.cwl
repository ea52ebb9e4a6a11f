cwlVersion: v1.2
class: CommandLineTool
doc: Letters become capitals
baseCommand: [tr, a-z, A-Z]
inputs:
  text: File
stdin: $(inputs.text.path)
stdout: output.txt
outputs:
  upper: stdout
