# Read by the other scripts: `install PROGRAM PACKAGE…` installs the packages unless the program is there.

root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

have() {
    command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]
}

# Installs packages.
fetch() {
    command -v apt-get >/dev/null 2>&1 || {
        echo "there is no apt-get here: install $* by hand" >&2
        exit 1
    }
    echo "installing $*"
    root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 update
    root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "$@" >/dev/null
}

install() {
    program=$1
    shift
    have "$program" && return
    fetch "$@"
    have "$program" || {
        echo "$program is still missing after installing $*" >&2
        exit 1
    }
}
