# Sourced by a job's shell, inside its container, before the job's own commands. It starts no process, prints nothing,
# sets no option and cannot fail the job. `_provcap` names the file that tells what this shell saw.
{
  for _provcap_name in LANG LC_ALL LC_CTYPE LC_NUMERIC TZ PYTHONHASHSEED PYTHONNOUSERSITE OMP_NUM_THREADS \
    OPENBLAS_NUM_THREADS MKL_NUM_THREADS NUMEXPR_NUM_THREADS VECLIB_MAXIMUM_THREADS CUDA_VISIBLE_DEVICES \
    OMP_PROC_BIND OPENBLAS_CORETYPE MKL_CBWR CUBLAS_WORKSPACE_CONFIG LOADEDMODULES; do
    eval "_provcap_value=\${$_provcap_name-}"
    [ -z "$_provcap_value" ] || printf '%s=%s\0' "$_provcap_name" "$_provcap_value"
  done
  # where the names in the command lead (command -v prints it), the time zone, and whether there is a network: a route
  # of another interface than lo, or an IPv6 address that is neither its own (scope 10) nor link-local (20)
  eval "for _provcap_name in ${_provcap_words-}; do
    printf 'tool:%s=' \"\$_provcap_name\"; command -v \"\$_provcap_name\"; printf '\\0'; done"
  [ -r /etc/timezone ] && read -r _provcap_value </etc/timezone && printf 'timezone:=%s\0' "$_provcap_value"
  if [ -r /proc/net/route ]; then
    _provcap_value=closed
    while read -r _provcap_name _provcap_rest; do
      case $_provcap_name in Iface | lo) ;; *) _provcap_value=open && break ;; esac
    done </proc/net/route
    [ $_provcap_value = open ] || [ ! -r /proc/net/if_inet6 ] ||
      while read -r _provcap_name _provcap_rest; do
        case $_provcap_rest in *" 10 "* | *" 20 "* | *" lo") ;; *) _provcap_value=open && break ;; esac
      done </proc/net/if_inet6
    printf 'net:=%s\0' "$_provcap_value"
  fi
} 2>/dev/null >|"$_provcap" || :
unset _provcap _provcap_name _provcap_value _provcap_rest _provcap_words PROVCAP_RUN
:
