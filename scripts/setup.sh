#!/usr/bin/env bash
# Installs what is missing: `setup.sh build` for building, `setup.sh test` for
# the tests too. Debian's packages and the npm registry are all it needs. It
# does nothing, in a few milliseconds, where everything is there.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "setup: $*" >&2; }

apt_install() {
	if ! command -v apt-get >/dev/null; then
		say "please install: $* (no apt-get here)"
		return 1
	fi
	local sudo=""
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null || { say "please install as root: apt-get install $*"; return 1; }
		sudo=sudo
	fi
	say "installing $*"
	$sudo apt-get update -qq
	DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# Vite 8 wants Node.js 20.19 or newer.
node_new_enough() {
	command -v node >/dev/null && node -e 'const [a,b]=process.versions.node.split(".").map(Number);process.exit(a>20||(a===20&&b>=19)?0:1)'
}

setup_build() {
	export PATH="$PWD/.cache/node/bin:$PATH"
	if ! command -v npm >/dev/null; then
		apt_install npm
	fi
	if ! node_new_enough; then
		say "installing Node.js 22 from the npm registry into .cache/node"
		mkdir -p .cache/node
		npm install --silent --no-audit --no-fund --prefix .cache/node/pkg node@22.21.0
		mkdir -p .cache/node/bin
		ln -sf ../pkg/node_modules/node/bin/node .cache/node/bin/node
		node_new_enough || { say "Node.js is still older than 20.19"; return 1; }
	fi
}

setup_test() {
	setup_build
	local missing=()
	command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)
	command -v openssl >/dev/null || missing+=(openssl)
	command -v nmap >/dev/null || missing+=(nmap)
	command -v named >/dev/null || [ -x /usr/sbin/named ] || missing+=(bind9)
	[ -x /usr/sbin/sshd ] || missing+=(openssh-server)
	if [ "${#missing[@]}" -gt 0 ]; then
		apt_install "${missing[@]}"
	fi
}

case "${1:-}" in
build) setup_build ;;
test) setup_test ;;
*) echo "usage: setup.sh build|test" >&2; exit 2 ;;
esac
