#!/bin/sh
# alknet in one file: this script, then a tar.gz of Deno and the program (from byte @OFFSET@ on).
# The first start unpacks into the cache, later ones only find it there. Needs sh, tail, tar, gzip.
set -eu
mask=$(umask)
umask 077

id=@ID@
files='@FILES@'

# Every file is there; each was moved in whole, so nothing half written is ever taken for done.
complete() {
  for file in $files; do [ -s "$1/$file" ] || return 1; done
}

# Unpacks beside the target, tries Deno there (the disk may be mounted noexec), moves file by file.
unpack() {
  new="$1.new.$$"
  trap 'rm -rf "$new"' EXIT
  trap 'exit 130' INT TERM HUP
  mkdir -p "$1" "$new" 2>/dev/null &&
    tail -c +@OFFSET@ "$0" 2>/dev/null | tar -xzf - -C "$new" 2>/dev/null &&
    complete "$new" && "$new/deno" --version >/dev/null 2>&1 &&
    for file in $files; do mv -f "$new/$file" "$1/$file" || break; done
  rm -rf "$new"
  trap - EXIT INT TERM HUP
  complete "$1"
}

# A directory in TMPDIR could be laid by somebody else: only one of ours, closed to others, will do.
own() {
  mkdir -m 700 "$1" 2>/dev/null || [ ! -L "$1" ] && [ -d "$1" ] && [ -O "$1" ] || return 1
  case $(ls -ld "$1") in drwx------*) ;; *) return 1 ;; esac
}

ready() {
  complete "$1" || unpack "$1"
}

cache=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
temporary=${TMPDIR:-/tmp}/alknet-$(id -u)
if [ -n "$cache" ] && ready "$cache/alknet/$id"; then
  dir=$cache/alknet/$id
elif own "$temporary" && ready "$temporary/$id"; then
  dir=$temporary/$id
else
  echo "alknet: Cannot unpack into ${cache:-the cache} or $temporary: set XDG_CACHE_HOME to a directory with 200 MB free" >&2
  exit 1
fi

umask "$mask"
# How other programs start this one: the file itself stays, the cache does not.
case $0 in
  /*) ALKNET_PROGRAM=$0 ;;
  *) ALKNET_PROGRAM=$PWD/$0 ;;
esac
export ALKNET_PROGRAM DENO_DIR="$dir/deno_dir" DENO_NO_UPDATE_CHECK=1 DENO_NO_PACKAGE_JSON=1
exec "$dir/deno" run -A --unstable-net --unstable-no-legacy-abort --no-config --no-lock --node-modules-dir=none "$dir/main.js" "$@"
