"""Environment variables that shape results, and which capture records (capture/probe/prologue.sh)."""

#: given back as they were; the numbers of threads are not here: Snakemake sets them for each job
RESTORED = (
    "LANG LC_ALL LC_CTYPE LC_NUMERIC TZ PYTHONHASHSEED OPENBLAS_CORETYPE MKL_CBWR OMP_PROC_BIND "
    "CUBLAS_WORKSPACE_CONFIG GLIBC_TUNABLES NPY_DISABLE_CPU_FEATURES"
).split()
