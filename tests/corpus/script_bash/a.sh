#!/usr/bin/env bash
set -o noclobber
echo "${snakemake_params[n]} ${snakemake_input[x]} $# $- $LINENO" > "${snakemake_output[0]}"
