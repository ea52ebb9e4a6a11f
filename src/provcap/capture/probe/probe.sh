# Run once per environment, inside it: sh probe.sh OUT [PYTHON]. PYTHON is what the job's script will run in; without it
# the first on the PATH speaks for the environment. Writes OUT/environment.json when a Python >= 3.6 is there (an older one fails at once); else
# copies the package managers' raw files below OUT/raw, for the host side to read with the same collector.
here=${0%/*}
out=$1
for python in ${2:+"$2"} python3 python; do
  if command -v "$python" >/dev/null 2>&1 &&
    "$python" "$here/collect.py" "$out/environment.json" >/dev/null 2>&1; then
    exit 0
  fi
done

copy() { # FILE: to OUT/raw/FILE, with cat when there is one, else with the shell alone
  [ -r "$1" ] && [ -f "$1" ] || return 0
  mkdir -p "$out/raw${1%/*}" 2>/dev/null || return 0
  cat "$1" >"$out/raw$1" 2>/dev/null || while IFS= read -r line || [ -n "$line" ]; do
    printf '%s\n' "$line"
  done <"$1" >"$out/raw$1"
}
for file in /etc/os-release /usr/lib/os-release /etc/alpine-release /lib/apk/db/installed /var/lib/dpkg/status \
  /.singularity.d/labels.json; do
  copy "$file"
done
for file in /var/lib/dpkg/status.d/* "${CONDA_PREFIX:-/nonexistent}"/conda-meta/*.json /opt/conda/conda-meta/*.json \
  /usr/lib/R/library/*/DESCRIPTION /usr/lib/R/site-library/*/DESCRIPTION /usr/local/lib/R/site-library/*/DESCRIPTION \
  /usr/local/lib/R/library/*/DESCRIPTION; do
  copy "$file"
done
for place in /usr/lib /usr/local/lib; do
  for file in "$place"/python*/dist-packages/*/METADATA "$place"/python*/site-packages/*/METADATA \
    "$place"/python*/dist-packages/*/PKG-INFO; do
    copy "$file"
  done
done
if command -v rpm >/dev/null 2>&1; then
  mkdir -p "$out/raw" &&
    rpm -qa --qf '%{NAME}\t%{VERSION}-%{RELEASE}\t%{ARCH}\t%{VENDOR}\n' >"$out/raw/rpm.tsv" 2>/dev/null
fi
[ -d "$out/raw" ] && : >"$out/raw.done"
