#!/bin/sh
# Copies the mounted tree once, so that the user's stays as it is, and runs the command.
set -eu
if [ ! -e /var/www/html/webservice/dispatcher.php ]; then
  if [ ! -e /qloapps-source/webservice/dispatcher.php ]; then
    echo "qloapps: there is no QloApps at /qloapps-source. Set QLOAPPS_DIR to an unpacked release." >&2
    exit 2
  fi
  rm -rf /var/www/html
  cp -r /qloapps-source /var/www/html
  chown -R www-data:www-data /var/www/html
fi
exec "$@"
