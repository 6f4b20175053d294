#!/bin/sh
# Builds the base images of docker-compose.test.yml from Debian packages, for machines that reach no image registry.
#
#   sudo docker/local-images.sh            builds pms-drill-local/{debian,python,php,mysql,prometheus,toxiproxy}
#
# Packages come from the apt sources that this machine is set up with, Python packages from its Python index, by hash.
# Needs root, debootstrap, a Docker engine, and `make setup` before. pms-drill finds the images by
# docker/local-images.env, which is written last and read in this checkout on this machine only. Run it again when
# requirements.lock has changed. Takes 3 minutes.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
repo=$(dirname "$here")
docker=${DOCKER:-docker}
name=${LOCAL_IMAGES:-pms-drill-local}

complain() { echo "local-images: $1" >&2; exit 2; }

[ "$(id -u)" = 0 ] || complain "root is needed: debootstrap makes device files and changes roots. Run it with sudo."
command -v debootstrap >/dev/null || complain "debootstrap is missing. Install the package debootstrap."
command -v apt-get >/dev/null || complain "this machine has no apt. Set the *_IMAGE variables to images of your own."
$docker info >/dev/null 2>&1 || complain "no Docker engine answers. Start it, and check with: $docker info"
[ -x "$repo/.venv/bin/uv" ] || complain "there is no virtual environment. Run make setup first."

. /etc/os-release
# Where this machine gets its own packages: the first source of the release's main component.
mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Identifier: Packages' 'Component: main' \
  | awk -v release="$VERSION_CODENAME" '$2 == release { print $1; exit }')
[ -n "$mirror" ] || complain "apt knows no source for $VERSION_CODENAME main. See /etc/apt/sources.list.d."

work=$(mktemp -d "${TMPDIR:-/tmp}/pms-drill-images-XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 130' INT TERM
root=$work/root

echo "local-images: Debian $VERSION_CODENAME"
debootstrap --variant=minbase "$VERSION_CODENAME" "$root" "$mirror" >"$work/debootstrap.log" 2>&1 \
  || { tail -15 "$work/debootstrap.log" >&2; complain "debootstrap failed, see above"; }

# Services must not start while packages are unpacked.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"

inside() { chroot "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive sh -c "$2"; }
grow() { # folder, packages: the folder becomes a copy of the base with these packages
  echo "local-images: $(basename "$1")"
  cp -a "$root" "$1"
  cp /etc/resolv.conf "$1/etc/resolv.conf"
  inside "$1" "apt-get -qq -o Acquire::Check-Valid-Until=false update && \
    apt-get -qq -y --no-install-recommends install $2 && apt-get clean && rm -rf /var/lib/apt/lists/*" \
    >"$work/apt.log" 2>&1 || { tail -15 "$work/apt.log" >&2; complain "apt failed, see above"; }
}
pack() { # folder, image, changes...
  folder=$1 image=$2
  shift 2
  tar -C "$folder" -c . | $docker import "$@" - "$name/$image" >/dev/null
  rm -rf --one-file-system "$folder"
}
packages() { tr '\n' ' ' <"$here/$1.packages"; }

grow "$work/debian" "ca-certificates $(packages tools)"
rm -rf --one-file-system "$root"
root=$work/debian

grow "$work/python" "python3 python3-venv"
inside "$work/python" "ln -s python3 /usr/bin/python && python3 -m venv --without-pip /opt/venv"
version=$(inside "$work/python" 'python3 -c "import sys; print(*sys.version_info[:2], sep=\".\")"')
# uv runs here, where the index can be reached, and installs for the Python inside.
"$repo/.venv/bin/uv" pip install --quiet --require-hashes --only-binary :all: --python-version "$version" \
  --target "$work/python/opt/venv/lib/python$version/site-packages" -r "$repo/requirements.lock"
# So that the image that is made on it knows that nothing is missing. Compiled now, not at each start of a container.
cp "$repo/requirements.lock" "$work/python/opt/venv/"
inside "$work/python" "python3 -m compileall -q -j 0 /opt/venv/lib || true"
pack "$work/python" python --change 'CMD ["python3"]'

grow "$work/php" "$(packages php)"
pack "$work/php" php --change 'CMD ["sh"]'

grow "$work/mysql" mariadb-server
cp "$here/local-mysql.sh" "$work/mysql/usr/local/bin/docker-entrypoint.sh"
chmod 755 "$work/mysql/usr/local/bin/docker-entrypoint.sh"
pack "$work/mysql" mysql --change 'ENTRYPOINT ["docker-entrypoint.sh"]' --change 'CMD ["mariadbd"]' --change 'VOLUME /var/lib/mysql'

grow "$work/prometheus" prometheus
pack "$work/prometheus" prometheus --change 'ENTRYPOINT ["/usr/bin/prometheus"]'

# The program may be linked against the system's library, so it needs more than an empty root.
cp -a "$root" "$work/toxiproxy"
cp "$("$repo/.venv/bin/python" -m pms_drill.external toxiproxy)" "$work/toxiproxy/toxiproxy"
pack "$work/toxiproxy" toxiproxy --change 'ENTRYPOINT ["/toxiproxy"]'

pack "$work/debian" debian --change 'CMD ["sh"]'

cat >"$here/local-images.env" <<END
PMS_DRILL_LOCAL_IMAGES_OF=$(uname -n):$(cd "$repo" && pwd -P)
PMS_DRILL_PYTHON_BASE=$name/python
PMS_DRILL_PHP_BASE=$name/php
PMS_DRILL_MYSQL_IMAGE=$name/mysql
PMS_DRILL_PROMETHEUS_IMAGE=$name/prometheus
PMS_DRILL_TOXIPROXY_IMAGE=$name/toxiproxy
END
echo "local-images: done. pms-drill takes these, unless the environment says otherwise (docker/local-images.env):"
cat "$here/local-images.env"
