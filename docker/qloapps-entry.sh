#!/bin/sh
# Copies the mounted tree once, so that the user's stays as it is, and runs the command.
set -eu
source=/qloapps-source root=/var/www/html
if [ ! -e $root/webservice/dispatcher.php ]; then
  if [ ! -e $source/webservice/dispatcher.php ]; then
    echo "qloapps: there is no QloApps at $source. Set QLOAPPS_DIR to an unpacked release." >&2
    exit 2
  fi
  rm -rf $root
  mkdir -p $root
  # Without version control, documents, and what another installation has cached.
  tar -C $source --exclude=./.git --exclude=./docs --exclude=./docs-old --exclude=./cache --exclude=./log -c . \
    | tar -C $root --no-same-owner -x
  mkdir -p $root/cache/smarty/compile $root/cache/smarty/cache $root/cache/cachefs $root/log
  # QloApps loads classes by an index that it writes itself; without its place it stops.
  for folder in cache log; do
    if [ -e $source/$folder/index.php ]; then cp $source/$folder/index.php $root/$folder/; fi
  done
  chown -R www-data:www-data $root
fi
# Of a server that was killed.
rm -f /run/apache2/apache2.pid
exec "$@"
