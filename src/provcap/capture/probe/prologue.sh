# Sourced by a job's shell, inside its container, before the job's own commands. It starts no process, prints nothing,
# sets no option and cannot fail the job. `_provcap` names the file that tells what this shell saw.
{
  for _provcap_name in LANG LC_ALL LC_CTYPE LC_NUMERIC TZ PYTHONHASHSEED PYTHONNOUSERSITE OMP_NUM_THREADS \
    OPENBLAS_NUM_THREADS MKL_NUM_THREADS NUMEXPR_NUM_THREADS VECLIB_MAXIMUM_THREADS CUDA_VISIBLE_DEVICES \
    OMP_PROC_BIND OPENBLAS_CORETYPE MKL_CBWR CUBLAS_WORKSPACE_CONFIG TF_DETERMINISTIC_OPS TF_CUDNN_DETERMINISTIC \
    GLIBC_TUNABLES NPY_DISABLE_CPU_FEATURES \
    LOADEDMODULES; do
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
# Python runs python/sitecustomize.py, and R (4 or newer) loads the package below R/: they tell what they imported and
# drew. R's version stands in a file of the first R on the PATH. A place with a colon cannot stand in these lists.
case $_provcap_probe in
  *:*) ;;
  *)
    export PROVCAP_TOLD="$_provcap"
    case " ${_provcap_off-} " in
      *" python "*) ;;
      *) export PYTHONPATH="$_provcap_probe/python${PYTHONPATH:+:$PYTHONPATH}" ;;
    esac
    case " ${_provcap_off-} " in
      *" r "*) _provcap_rest= ;;
      *) _provcap_rest=${PATH-}: ;;
    esac
    while [ -n "$_provcap_rest" ]; do
      _provcap_name=${_provcap_rest%%:*}
      _provcap_rest=${_provcap_rest#*:}
      [ -x "$_provcap_name/Rscript" ] || continue
      _provcap_name=${_provcap_name%/bin}
      for _provcap_name in "$_provcap_name/lib/R" "$_provcap_name/lib64/R"; do
        [ ! -r "$_provcap_name/library/base/DESCRIPTION" ] || break
      done
      while read -r _provcap_value _provcap_rest; do
        case $_provcap_value$_provcap_rest in
          Version:[4-9].*)
            export R_LIBS="$_provcap_probe/R${R_LIBS:+:$R_LIBS}"
            _provcap_value=${R_DEFAULT_PACKAGES:-datasets,utils,grDevices,graphics,stats,methods}
            export R_DEFAULT_PACKAGES="provcap,$_provcap_value"
            [ "$_provcap_value" != NULL ] || R_DEFAULT_PACKAGES=provcap
            ;;
        esac
      done <"$_provcap_name/library/base/DESCRIPTION" || :
      break
    done
    ;;
esac 2>/dev/null
unset _provcap _provcap_name _provcap_value _provcap_rest _provcap_words _provcap_off _provcap_probe PROVCAP_RUN
:
