import sys

sys.exit("a script that gives up")
