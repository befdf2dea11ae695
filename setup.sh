#!/bin/sh
# Makes this machine ready for the commands in the README: Deno, a Vulkan adapter, the npm packages.
#
#   sh setup.sh                  installs only what is missing; safe to run again
#   sh setup.sh --upgrade-mesa   also takes the newest Mesa of the system's package sources
#   sh setup.sh --mpi            also installs MPI, with which several GPUs or machines train together
#   sh setup.sh --browser        also installs Chromium, in which deno task test:browser looks at the pages
set -eu

deno_version=2.9.6
mesa_package=mesa-vulkan-drivers
mpich_version=5.0.2
backports_file=/etc/apt/sources.list.d/bookworm-backports.sources

log=$(mktemp)
trap 'rm -f "$log"' EXIT

say() { printf '%s\n' "$*"; }
fail() {
  printf 'setup.sh: %s\n' "$*" >&2
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# Shows what a command printed only when it failed.
quietly() { "$@" >"$log" 2>&1 || { cat "$log" >&2; return 1; }; }

can_be_root() {
  [ "$(id -u)" -eq 0 ] && return 0
  have sudo || return 1
  sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }
}

# sudo drops the variables that a proxy or a private certificate needs, so they are handed on by name.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    env "$@"
  else
    sudo -H env "PATH=$PATH" \
      ${NODE_EXTRA_CA_CERTS:+"NODE_EXTRA_CA_CERTS=$NODE_EXTRA_CA_CERTS"} \
      ${http_proxy:+"http_proxy=$http_proxy"} ${https_proxy:+"https_proxy=$https_proxy"} "$@"
  fi
}

deno_found() { deno --version 2>/dev/null | sed -n 's/^deno \([0-9][0-9.]*\).*/\1/p'; }

# True when version $1 is at least version $2 (three numbers each).
at_least() {
  printf '%s %s\n' "$1" "$2" | tr . ' ' | awk '{
    for (i = 1; i <= 3; i++) if ($i != $(i + 3)) exit !($i + 0 > $(i + 3) + 0)
    exit 0
  }'
}

# The nearest existing parent decides, since npm creates the folders that are missing.
can_write() {
  path=$1
  while [ ! -e "$path" ]; do path=$(dirname "$path"); done
  [ -w "$path" ]
}

npm_install_deno() {
  prefix=$(npm prefix -g 2>/dev/null)
  if can_write "$prefix/lib/node_modules" && can_write "$prefix/bin"; then
    quietly npm install -g "deno@$deno_version"
  elif can_be_root; then
    quietly as_root npm install -g --userconfig "$(npm config get userconfig 2>/dev/null)" \
      --registry "$(npm config get registry 2>/dev/null)" "deno@$deno_version"
  else
    fail "$prefix is not writable and sudo does not work here; run this as root, then sh setup.sh" \
      "again: npm install -g deno@$deno_version"
  fi
}

setup_deno() {
  found=$(deno_found)
  if [ -n "$found" ] && at_least "$found" "$deno_version"; then
    say "deno: $found is here, nothing to do"
    return
  fi
  have npm || fail "Deno $deno_version is wanted, found: ${found:-none}, and npm is not here to" \
    "install it; install Node.js with npm ($npm_hint) and run sh setup.sh again," \
    "or install Deno $deno_version yourself (https://docs.deno.com/runtime)"
  say "deno: installing $deno_version with npm (found: ${found:-none})"
  npm_install_deno || fail "npm could not install Deno; run: npm install -g deno@$deno_version"
  found=$(deno_found)
  [ -n "$found" ] || fail "Deno is installed but not on PATH; run: export PATH=\"$prefix/bin:\$PATH\""
  at_least "$found" "$deno_version" ||
    fail "$(command -v deno) is Deno $found and comes first on PATH; run: deno upgrade $deno_version"
}

# Prints the adapter's name and "software" or "hardware"; fails when there is none. $1, such as vulkan, insists on the
# interface behind it: Deno also takes OpenGL, which compiles kernels many times as slowly and knows no float16.
adapter() (
  [ -z "${1-}" ] || export DENO_WEBGPU_BACKEND="$1"
  deno eval --no-config '
    const adapter = await navigator.gpu?.requestAdapter();
    if (!adapter) Deno.exit(1);
    const { description, device, isFallbackAdapter } = adapter.info;
    console.log(`${description || device || "unnamed"}, ${isFallbackAdapter ? "software" : "hardware"}`);
  ' 2>/dev/null
)

# The mirror that already serves this release: the URI of the first apt source with the suite $1.
apt_mirror() {
  {
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
      sed -nE "s/^deb +(\[[^]]*\] +)?([^ ]+) +$1 .*/\2/p"
    for file in /etc/apt/sources.list.d/*.sources; do
      [ -r "$file" ] && awk -v RS= -v suite="$1" '
        / *Enabled: *no/ { next }
        $0 ~ "Suites:([^\n]* )?" suite "( |\n|$)" && match($0, /URIs: *[^ \n]+/) {
          uri = substr($0, RSTART, RLENGTH); sub(/URIs: */, "", uri); print uri
        }' "$file"
    done
  } | grep -v '^cdrom:' | head -n 1
}

# Debian 12 alone has a Mesa old enough (22.3.6) for its backports (25.0.7) to be worth enabling:
# the same matrix product ran about 1.5 times as fast on the software adapter.
enable_backports() {
  cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources \
    2>/dev/null | grep -v '^ *#' | grep -q bookworm-backports && return
  mirror=$(apt_mirror bookworm)
  [ -n "$mirror" ] || return 0
  say "vulkan: adding the package source bookworm-backports ($backports_file)"
  printf '%s\n' "Types: deb" "URIs: $mirror" "Suites: bookworm-backports" "Components: main" \
    "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg" |
    as_root tee "$backports_file" >/dev/null
  added=yes
}

apt_install() {
  quietly as_root DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y \
    --no-install-recommends "$@" "$mesa_package"
}

# Without Vulkan OpenGL has to do, where there is at least that; $* says how to get Vulkan.
settle_for_opengl() {
  name=$(adapter gl) || fail "no Vulkan adapter; $*, and run sh setup.sh again"
  say "vulkan: none; going on with OpenGL ($name), where compiling is slow and SOLVER.AMP does not work"
  say "hint: $*, and run sh setup.sh again"
}

install_mesa() {
  added=no
  [ "$os" = debian-bookworm ] && enable_backports
  # A source that is down is no reason to stop: what could be fetched may well hold the package.
  as_root apt-get -o DPkg::Lock::Timeout=300 update >"$log" 2>&1 || true
  if apt-cache madison "$mesa_package" | grep -q bookworm-backports; then
    say "vulkan: installing $mesa_package from bookworm-backports (a minute or two)"
    apt_install -t bookworm-backports && return
  fi
  if [ "$added" = yes ]; then
    say "vulkan: bookworm-backports is not to be had here, removing its source again"
    as_root rm -f "$backports_file"
  fi
  say "vulkan: installing $mesa_package (a minute or two)"
  cp "$log" "$log.update"
  apt_install && rm -f "$log.update" && return
  cat "$log.update" >&2 && rm -f "$log.update"
  fail "apt could not install it; run as root: apt-get update && apt-get install -y $mesa_package"
}

setup_vulkan() {
  if name=$(adapter vulkan) && [ "$upgrade_mesa" = no ]; then
    say "vulkan: $name adapter works, nothing to do"
    hint_old_mesa "$name"
  elif have apt-get && can_be_root; then
    install_mesa
  elif have apt-get; then
    settle_for_opengl "run this as root: apt-get update && apt-get install -y $mesa_package"
  else
    settle_for_opengl "install the driver of the graphics card, or Mesa's software driver" \
      "(Fedora: dnf install $mesa_package; Arch: pacman -S vulkan-swrast)"
  fi
}

hint_old_mesa() {
  case "$os $1" in "debian-bookworm "*software) ;; *) return ;; esac
  mesa=$(dpkg-query -W -f '${Version}' "$mesa_package" 2>/dev/null) || return 0
  [ "${mesa%%.*}" -ge 25 ] 2>/dev/null ||
    say "hint: Mesa $mesa works; 25 is about 1.5 times as fast: sh setup.sh --upgrade-mesa"
}

# Where deno task test:browser looks for it.
chromium() {
  for path in /usr/bin/chromium /usr/bin/chromium-browser; do
    [ -x "$path" ] && "$path" --version 2>/dev/null | head -n 1 && return
  done
  return 1
}

setup_browser() {
  if version=$(chromium) && [ -n "$version" ]; then
    say "browser: $version is here, nothing to do"
    return
  fi
  have apt-get || fail "no chromium in /usr/bin, and no apt-get to install it; install it with this system's packages"
  can_be_root || fail "no chromium; run this as root: apt-get update && apt-get install -y chromium"
  say "browser: installing chromium with apt (a minute or two)"
  as_root apt-get -o DPkg::Lock::Timeout=300 update >"$log" 2>&1 || true
  quietly as_root DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y \
    --no-install-recommends chromium ||
    fail "apt could not install it; run as root: apt-get update && apt-get install -y chromium"
  version=$(chromium) && [ -n "$version" ] ||
    fail "the package chromium is installed, but /usr/bin/chromium does not run; deno task test:browser wants it there"
  say "browser: $version"
}

# The MPI that deno task train finds: the one below this folder, then those on the PATH.
mpi_found() {
  for program in .mpi/bin/mpirun mpirun; do
    version=$("$program" --version 2>/dev/null) || continue
    case $version in
      *"Open MPI"* | *OpenRTE*) mpi="Open MPI $(printf '%s\n' "$version" | sed -nE '1s/.* ([0-9][0-9.]*).*/\1/p')" ;;
      *) mpi="MPICH $(printf '%s\n' "$version" | sed -nE 's/.*Version: *([0-9][0-9.]*).*/\1/p')" ;;
    esac
    return 0
  done
  return 1
}

# MPICH out of Python's packages, into a folder of its own; needs no root. Debian has venv without ensurepip.
pip_install_mpich() {
  have python3 || return 1
  say "mpi: installing MPICH $mpich_version with pip into .mpi (a minute)"
  { python3 -m venv .mpi && .mpi/bin/pip install --quiet "mpich==$mpich_version"; } >"$log" 2>&1 ||
    { python3 -m venv --clear --without-pip .mpi &&
      python3 -m pip --python .mpi/bin/python install --quiet "mpich==$mpich_version"; } >>"$log" 2>&1 || {
    rm -rf .mpi
    say "mpi: pip could not install it"
    return 1
  }
}

# Open MPI 4's mpirun sends ranks SIGCONT, SIGTERM and SIGKILL a second apart, on Ctrl-C and when one of them has failed. Two
# seconds give a run twice as long to save, and still end a failed job within five. Open MPI 5 knows no such parameter.
give_time_to_save() {
  parameter=odls_base_sigkill_timeout
  params=${HOME-}/.openmpi/mca-params.conf
  case $mpi in "Open MPI "[1-4].*) ;; *) return 0 ;; esac
  [ -n "${HOME-}" ] || return 0
  info=$(command -v "$program") && info=$(dirname "$info")/ompi_info
  from=$("$info" --parsable --param odls base --level 9 2>/dev/null |
    sed -n "s/.*:$parameter:source://p")
  # Where ompi_info is missing, the file itself has to tell.
  if [ -z "$from" ] && grep -qs "^[ 	]*$parameter[ 	]*=" "$params"; then from=$params; fi
  case $from in
    "" | default) ;;
    *)
      say "mpi: $parameter is set already ($from)"
      return 0
      ;;
  esac
  mkdir -p "${params%/*}" 2>/dev/null && {
    # A last line may lack its end.
    [ ! -s "$params" ] || [ -z "$(tail -c 1 "$params")" ] || echo
    echo "# Seconds between SIGCONT, SIGTERM and SIGKILL: ranks have twice as long to save after Ctrl-C (setup.sh of WKD)."
    echo "$parameter = 2"
  } >>"$params" 2>/dev/null ||
    { say "mpi: $params cannot be written; 4 s to save after Ctrl-C: mpirun --mca $parameter 2" && return 0; }
  say "mpi: wrote $parameter = 2 to $params: 4 s to save after Ctrl-C"
}

setup_mpi() {
  if mpi_found; then
    say "mpi: $mpi is here ($program), nothing to do"
  elif pip_install_mpich; then
    mpi_found || fail "MPICH is installed, but .mpi/bin/mpirun does not run; remove .mpi, and install this system's Open MPI"
    say "mpi: $mpi"
  else
    have apt-get || fail "no Python with pip and no apt-get to install MPI; install this system's Open MPI or MPICH"
    can_be_root || fail "no MPI; run this as root: apt-get update && apt-get install -y openmpi-bin libopenmpi3"
    say "mpi: installing Open MPI with apt"
    as_root apt-get -o DPkg::Lock::Timeout=300 update >"$log" 2>&1 || true
    quietly as_root DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y \
      --no-install-recommends openmpi-bin libopenmpi3 || fail "apt could not install Open MPI"
    mpi_found || fail "Open MPI is installed, but mpirun does not run"
    say "mpi: $mpi"
  fi
  give_time_to_save
  say "mpi: start ranks with: $program -n 2 deno task train --cfg FILE"
}

upgrade_mesa=no
mpi_wanted=no
browser=no
for option in "$@"; do
  case "$option" in
    --upgrade-mesa) upgrade_mesa=yes ;;
    --mpi) mpi_wanted=yes ;;
    --browser) browser=yes ;;
    *) fail "unknown option $option; there are --upgrade-mesa, --mpi and --browser" ;;
  esac
done

cd "$(dirname "$0")"
npm_hint="from https://nodejs.org"
have apt-get && npm_hint="apt-get update && apt-get install -y npm"
os=$(. /etc/os-release 2>/dev/null && echo "${ID-}-${VERSION_CODENAME-}") || os=unknown

setup_deno
case "$(uname -s)" in
  Linux) setup_vulkan ;;
  *) say "vulkan: not needed on this system, it brings its own graphics interface" ;;
esac
if [ -f deno.json ]; then
  say "packages: fetching what deno.json names and is not here yet"
  quietly deno install --quiet --frozen || fail "could not fetch the npm packages; run: deno install --frozen"
fi
[ "$mpi_wanted" = no ] || setup_mpi
[ "$browser" = no ] || setup_browser
name=$(adapter) || fail "Deno finds no graphics adapter; list what Vulkan finds with: vulkaninfo --summary"
say "ready: Deno $(deno_found) on $name adapter"
