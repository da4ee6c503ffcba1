#!/usr/bin/env bash
# Makes sure that the real clients are there that `make clients` holds against the
# emulator: curl, Node with npm, the Azure CLI, and the packages of
# emulator/clients/node. On Debian as root it installs what is missing and says
# so. Elsewhere it names what to install; the tests then skip aloud on a laptop,
# and fail where CI=true.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
for program in curl node npm; do
	command -v "$program" >/dev/null 2>&1 || missing+=("${program/#node/nodejs}")
done
command -v az >/dev/null 2>&1 || missing+=(azure-cli)

if [ ${#missing[@]} -gt 0 ]; then
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
		echo "installing for the clients: ${missing[*]} (the Azure CLI takes two minutes)" >&2
		export DEBIAN_FRONTEND=noninteractive
		apt-get update -qq
		apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
	else
		echo "missing for the clients: ${missing[*]}; install them (on Debian: apt-get install ${missing[*]})" >&2
		if [ "${CI:-}" = true ]; then exit 1; fi
	fi
fi
command -v npm >/dev/null 2>&1 || exit 0
if [ "$(node --print 'Number(process.versions.node.split(".")[0])')" -lt 20 ]; then
	echo "the packages of the JavaScript clients want Node 20 or later; here is $(node --version)" >&2
	exit 1
fi

# npm leaves a copy of the lockfile, made anew with each installation, among what
# it installed.
packages=emulator/clients/node
if [ ! "$packages/node_modules/.package-lock.json" -nt "$packages/package-lock.json" ]; then
	echo "installing for the clients: the packages of $packages" >&2
	(cd "$packages" && npm ci --silent)
fi
