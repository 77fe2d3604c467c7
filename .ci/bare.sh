#!/usr/bin/env bash
# Both commands of the README in a minimal Debian that has python3, make and git, as a user who is
# not root, from a fresh clone of what is committed: bash .ci/bare.sh, as root.
#
# The system comes from the Debian mirror that this machine's own apt uses, by debootstrap; packed,
# it is kept in .venv-bare, so only the first run fetches it. pip finds its index as here: its
# settings, and the certificates and folders that they name, are there too.
set -euo pipefail
cd "$(dirname "$0")/.."
CLONE_OF=$PWD
KEPT=$CLONE_OF/.venv-bare
PACKAGES=python3,python3-venv,make,git,ca-certificates

left_out() { echo "bare machine left out: $*"; exit 0; }
say() { printf '%s  (%d s)\n' "bare machine: $*" "$SECONDS"; }
fails() { echo "bare machine: $*" >&2; exit 1; }

[ "$(id -u)" = 0 ] || left_out "only root can change into another system"
command -v debootstrap >/dev/null || left_out "there is no debootstrap (Debian: apt-get install debootstrap)"
command -v git >/dev/null && git rev-parse HEAD >/dev/null 2>&1 || left_out "this folder is no git repository"
read -r MIRROR SUITE < <(apt-get indextargets --format '$(SITE) $(CODENAME)' \
	'Origin: Debian' 'Label: Debian' 'Component: main' 2>/dev/null |
	grep -vE -- '-(updates|backports|proposed)' | sort -u | head -1) || true
[ -n "${SUITE:-}" ] || left_out "apt knows no Debian mirror here"
# The rest runs where mounts are its own. They end with it, and only then, when nothing of this
# machine can be reached through it any more, the folder is deleted.
if [ "${1:-}" != inside ]; then
	unshare --mount --propagation private true 2>/dev/null || left_out "this root may not mount"
	folder=$(mktemp -d "${TMPDIR:-/tmp}/bare.XXXXXX")
	trap '! grep -q " $folder/" /proc/mounts && rm -rf --one-file-system "$folder"' EXIT
	unshare --mount --pid --fork --kill-child --propagation private bash .ci/bare.sh inside "$folder"
	exit
fi
ROOT=$2
[ -d "$ROOT" ] && [ -z "$(ls -A "$ROOT")" ] || fails "expected an empty folder, got $ROOT"

# ---- the system -------------------------------------------------------------------------------

PACKED=$KEPT/debian-$SUITE.tar.gz
if [ ! -e "$PACKED" ]; then
	mkdir -p "$KEPT"
	debootstrap --variant=minbase --include="$PACKAGES" "$SUITE" "$ROOT" "$MIRROR" >"$KEPT/log" 2>&1 ||
		{ tail -3 "$KEPT/log"; left_out "debootstrap could not build Debian $SUITE ($KEPT/log)"; }
	# python3-venv is what a bare machine lacks: taken out again, and kept beside the door.
	mkdir "$ROOT/venv-packages"
	for name in python3-venv 'python3.*-venv' python3-pip-whl python3-setuptools-whl; do
		find "$ROOT/var/cache/apt/archives" -regex ".*/${name}_.*\.deb" -exec mv {} "$ROOT/venv-packages" \;
	done
	chroot "$ROOT" sh -c "dpkg --purge \$(cd venv-packages; ls | sed 's/_.*//') && apt-get clean" >>"$KEPT/log" 2>&1
	tar -C "$ROOT" -I 'gzip -1' -cf "$PACKED.part" .
	mv "$PACKED.part" "$PACKED"
	say "Debian $SUITE built and kept in $PACKED"
else
	tar -C "$ROOT" -xf "$PACKED"
	say "Debian $SUITE unpacked from $PACKED"
fi

chmod 755 "$ROOT"
mount -t proc proc "$ROOT/proc"
mount -t tmpfs -o mode=1777 shm "$ROOT/dev/shm"
for file in /etc/resolv.conf /etc/hosts; do [ ! -e $file ] || cp -L $file "$ROOT$file"; done
chroot "$ROOT" useradd --create-home --shell /bin/sh reader
HOME_THERE=/home/reader

# ---- pip's own settings, with what they name --------------------------------------------------

SETTINGS=()
for file in /etc/pip.conf /etc/xdg/pip/pip.conf ~/.pip/pip.conf ~/.config/pip/pip.conf "${PIP_CONFIG_FILE:-}"; do
	[ -f "$file" ] || continue
	SETTINGS+=("$file")
	case $file in
	"$HOME"/*) to=$ROOT$HOME_THERE/${file#"$HOME"/} ;;
	*) to=$ROOT$file ;;
	esac
	mkdir -p "$(dirname "$to")" && cp -L "$file" "$to"
done
VARIABLES=()
for name in $(compgen -e | grep -iE '^(PIP_.*|SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|(https?|no|all)_proxy)$' |
	grep -v '^PIP_CACHE_DIR$'); do
	VARIABLES+=("$name=${!name}")
done
named() { { printf '%s\n' "${VARIABLES[@]}"; cat /dev/null "${SETTINGS[@]}"; } | grep -oE '(^|[ =:])/[^[:space:]]+' | grep -oE '/.*'; }
for path in $(named | sort -u); do
	if [ -f "$path" ]; then
		mkdir -p "$ROOT$(dirname "$path")" && cp -L "$path" "$ROOT$path"
	elif [ -d "$path" ]; then
		path=${path%/simple}  # an index of that name has its files beside it
		[ ! -e "$ROOT$path" ] || continue
		mkdir -p "$ROOT$path" && mount --bind -o ro "$path" "$ROOT$path"
	fi
done

# ---- what a reader types ----------------------------------------------------------------------

git clone --quiet --depth 1 "file://$CLONE_OF" "$ROOT$HOME_THERE/minicnn"
chroot "$ROOT" chown -R reader: "$HOME_THERE"
types() {
	chroot "$ROOT" su reader -c "env -i HOME=$HOME_THERE USER=reader TERM=dumb PATH=/usr/local/bin:/usr/bin:/bin \
		$(printf '%q ' "${VARIABLES[@]}") sh -c 'cd ~/minicnn && $*'"
}

said=$(types make --no-print-directory catdog 2>&1) && fails "make catdog passed without python3-venv: $said"
[ "$(wc -l <<<"$said")" = 1 ] && grep -q 'install python3-venv' <<<"$said" ||
	fails "expected one line that names python3-venv, got: $said"
[ ! -e "$ROOT$HOME_THERE/minicnn/.venv" ] || fails "make catdog began before it said what is missing"
say "without python3-venv, make says: $said"

chroot "$ROOT" sh -c 'dpkg --install /venv-packages/*.deb' >/dev/null
types make --no-print-directory catdog
say "make catdog has passed"
[ -e "$ROOT$HOME_THERE/minicnn/runs/catdog/model.safetensors" ] || fails "make catdog left no model"
types make --no-print-directory test
say "make test has passed"
