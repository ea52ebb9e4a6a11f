MINE = "the user's own sitecustomize"
