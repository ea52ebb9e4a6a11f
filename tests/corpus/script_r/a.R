text <- readLines(snakemake@input[[1]])
cat(text, snakemake@params[["n"]], snakemake@params[["words"]], sort(search()[1:2]), "\n", file = snakemake@output[[1]])
