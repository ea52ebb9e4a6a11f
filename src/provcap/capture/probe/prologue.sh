# Sourced by a job's shell, inside its container, before the job's own commands. It starts no process, prints nothing,
# sets no option and cannot fail the job. `_provcap` names the file that tells what this shell saw.
{
  for _provcap_name in LANG LC_ALL LC_CTYPE LC_NUMERIC TZ PYTHONHASHSEED PYTHONNOUSERSITE OMP_NUM_THREADS \
    OPENBLAS_NUM_THREADS MKL_NUM_THREADS NUMEXPR_NUM_THREADS VECLIB_MAXIMUM_THREADS CUDA_VISIBLE_DEVICES \
    OMP_PROC_BIND OPENBLAS_CORETYPE MKL_CBWR CUBLAS_WORKSPACE_CONFIG; do
    eval "_provcap_value=\${$_provcap_name-}"
    [ -z "$_provcap_value" ] || printf '%s=%s\0' "$_provcap_name" "$_provcap_value"
  done
} 2>/dev/null >|"$_provcap" || :
unset _provcap _provcap_name _provcap_value PROVCAP_RUN
:
