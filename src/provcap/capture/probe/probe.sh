# Run once per environment, inside it: sh probe.sh OUT [PYTHON]; or sourced by a shell where there is no sh. PYTHON is
# what the job's script will run in; without it the first on the PATH speaks for the environment. A Python >= 3.6 writes
# OUT/environment.json (an older one fails at once). Without one, the package managers' files go to OUT/raw, for the
# host side to read with the same collector: each line after its file's name, as grep prints it. Where there is no grep
# (nor ls), the shell alone does the same, more slowly and without the lists that are only good for the owners of tools.
set +eu
out=$1
for python in ${2:+"$2"} python3 python /usr/libexec/platform-python; do
  if command -v "$python" >/dev/null 2>&1 &&
    "$python" "${_provcap_probe:-${0%/*}}/collect.py" "$out/environment.json" >/dev/null 2>&1 </dev/null; then
    [ -z "$_provcap_probe" ] && exit 0
    return 0
  fi
done

command -v grep >/dev/null 2>&1 && grep=yes || grep=
take() { # PATTERN FILE...: the lines that match; the shell alone takes all, of the metadata of a Python package its head
  pattern=$1
  shift
  if [ "$grep" ]; then
    grep -sHE "$pattern" "$@" /dev/null
    return 0
  fi
  for file in "$@"; do
    [ -f "$file" ] && [ -r "$file" ] || continue
    while IFS= read -r line || [ -n "$line" ]; do
      case $file:$line in */*-packages/*:) break ;; esac
      printf '%s:%s\n' "$file" "$line"
    done <"$file"
  done
}
programs() { # FOLDER/*...: what is there and where links lead
  command -v ls >/dev/null 2>&1 && ls -ld "$@" </dev/null || for file in "$@"; do
    [ -x "$file" ] && [ ! -d "$file" ] && printf -- '- %s\n' "$file"
  done
}
{
  for name in PATH CONDA_PREFIX MAMBA_ROOT_PREFIX R_LIBS R_LIBS_USER R_LIBS_SITE HOME; do
    eval "value=\${$name-}"
    [ -z "$value" ] || printf 'variable:%s=%s\n' "$name" "$value"
  done
  take '' /etc/os-release /usr/lib/os-release /.singularity.d/labels.json
  take '^[PVAFR]:|^$' /lib/apk/db/installed /usr/lib/apk/db/installed
  take '^(Package|Version|Architecture|Status):|^$' /var/lib/dpkg/status
  [ -d /var/lib/dpkg/status.d ] && take '^(Package|Version):|bin/' /var/lib/dpkg/status.d/*
  [ "$grep" ] && [ -d /var/lib/dpkg/info ] && take 'bin/[^/]+$' /var/lib/dpkg/info/*.list
  prefixes= folders=
  IFS=:
  for folder in $PATH; do
    case $folder in
      /*/bin | /*/sbin | /bin | /sbin)
        folders="$folders:$folder"
        prefixes="$prefixes:${folder%/*}"
        ;;
      /*) folders="$folders:$folder" ;;
    esac
  done
  for prefix in $prefixes ${CONDA_PREFIX-} ${MAMBA_ROOT_PREFIX-} /opt/conda; do
    if [ "$prefix" ] && [ -d "$prefix/conda-meta" ]; then
      take '"(name|version|build|channel|url|subdir)": *"|"s?bin/' "$prefix"/conda-meta/*.json
    fi
  done
  for prefix in $prefixes ${CONDA_PREFIX-}; do
    for home in "$prefix/lib/R" "$prefix/lib64/R"; do
      if [ "$prefix" ] && [ -d "$home" ]; then
        take '^(Package|Version|Repository|RemoteUrl|RemoteSha|Built):' "$home"/*library/*/DESCRIPTION
        programs "$home"/lib/libRblas.so
      fi
    done
  done
  for home in ${R_LIBS-} ${R_LIBS_USER-} ${R_LIBS_SITE-} "${HOME:-/root}"/R/*/*; do
    [ -d "$home" ] && take '^(Package|Version|Repository|RemoteUrl|RemoteSha|Built):' "$home"/*/DESCRIPTION
  done
  for prefix in /usr/lib /usr/local/lib ${CONDA_PREFIX:+"$CONDA_PREFIX/lib"}; do
    for home in "$prefix"/python*/dist-packages "$prefix"/python*/site-packages; do
      [ -d "$home" ] && take '^(Name|Version):|^$' "$home"/*/METADATA "$home"/*/PKG-INFO
      [ "$grep" ] && [ -d "$home" ] && take 's?bin/' "$home"/*/RECORD
    done
  done
  take "version => '|archname => '" /usr/lib/*/perl-base/Config.pm /usr/lib/perl5/core_perl/Config.pm \
    ${CONDA_PREFIX:+"$CONDA_PREFIX"/lib/perl5/*/core_perl/Config.pm}
  programs /bin /sbin /lib /lib64 /etc/alternatives/*
  for folder in $folders; do
    [ -d "$folder" ] && programs "$folder"/*
  done
  for folder in /usr/lib /usr/lib64 ${CONDA_PREFIX:+"$CONDA_PREFIX/lib"}; do
    for file in "$folder"/*blas.so* "$folder"/*lapack.so* "$folder"/*/*blas.so* "$folder"/*/*lapack.so*; do
      [ -e "$file" ] && programs "$file"
    done
  done
  unset IFS
} >"$out/raw" 2>/dev/null
if command -v rpm >/dev/null 2>&1; then
  rpm -qa --qf '%{NAME}\t%{VERSION}-%{RELEASE}\t%{ARCH}\t%{VENDOR}\n[\t%{FILENAMES}\n]' >"$out/rpm.tsv" 2>/dev/null
fi
if [ ! -s "$out/rpm.tsv" ]; then
  for file in /usr/lib/sysimage/rpm/rpmdb.sqlite /var/lib/rpm/rpmdb.sqlite; do
    [ -r "$file" ] && [ ! -e "$out/rpmdb.sqlite" ] && cat "$file" >"$out/rpmdb.sqlite" 2>/dev/null
  done
fi
: >"$out/raw.done"
