#!/usr/bin/env bash
# Makes sure that PostgreSQL's server, Chromium and curl are there for the tests.
# On Debian as root it installs what is missing and says so. Elsewhere it names
# what to install; the tests then skip aloud on a laptop, and fail where CI=true.
set -euo pipefail

have_postgres() {
	command -v initdb >/dev/null 2>&1 || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}
have_chromium() {
	command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1
}

missing=()
have_postgres || missing+=(postgresql)
have_chromium || missing+=(chromium)
command -v curl >/dev/null 2>&1 || missing+=(curl)
if [ "${CGO_ENABLED:-0}" = 1 ] || [ "${CI:-}" = true ]; then
	command -v cc >/dev/null 2>&1 || missing+=(gcc libc6-dev)
fi
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	echo "installing for the tests: ${missing[*]}" >&2
	export DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1 # keep the file written below
	apt-get update -qq
	# The tests start their own PostgreSQL cluster; Debian's must not start one.
	install -d /etc/postgresql-common
	[ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
	apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
	exit 0
fi
echo "missing for the tests: ${missing[*]}; install them (on Debian: apt-get install ${missing[*]})" >&2
if [ "${CI:-}" = true ]; then exit 1; fi
