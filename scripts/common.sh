# Shared by ./demo and ./test: what the machine must have, said in plain sentences when it has not.
# Sourced, after `cd` to the root of the repository; nothing outside the repository is sourced.

export LC_ALL=C
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 NO_COLOR="${NO_COLOR-}"
[ -n "$NO_COLOR" ] || unset NO_COLOR

say() { printf '%s\n' "$*"; }
die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

require_root() {
  [ "$(id -u)" -eq 0 ] || die "needs root: it makes network namespaces and a TUN device. Try: sudo $0"
}

# A TUN device is where the protected packets enter and leave the daemon.
require_tun() {
  [ -e /dev/net/tun ] ||
    die "there is no /dev/net/tun. Try: modprobe tun. In a container the device must be given to it (--device /dev/net/tun)."
  (exec 3<>/dev/net/tun) 2>/dev/null || die "/dev/net/tun cannot be opened; the machine forbids it, or lacks the tun module."
}

require_namespaces() {
  ip netns add "lk-$$.0-probe" 2>/dev/null ||
    die "network namespaces cannot be made; root here lacks CAP_SYS_ADMIN (a container without privileges?)."
  ip netns del "lk-$$.0-probe"
}

require_sdk() {
  command -v dotnet >/dev/null ||
    die "there is no 'dotnet'. The .NET 10 SDK is needed: https://dotnet.microsoft.com/download/dotnet/10.0"
  local wanted
  wanted=$(sed -n 's/.*"version": "\([0-9]*\).*/\1/p' global.json)
  dotnet --list-sdks | grep -q "^$wanted\." ||
    die "the .NET $wanted SDK is needed; this machine has: $(dotnet --list-sdks | cut -d' ' -f1 | tr '\n' ' ')"
}

# require_packages PACKAGE...: installs what is missing; services of these packages are kept from starting.
require_packages() {
  local package missing=()
  for package; do
    case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
      *' ok installed') ;;
      *) missing+=("$package") ;;
    esac
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null ||
    die "these programs are needed and this is no Debian that could install them: ${missing[*]}"
  say "Installing ${missing[*]}"
  local policy=/usr/sbin/policy-rc.d policy_made='' log status=0
  log=$(mktemp)
  if [ ! -e "$policy" ]; then
    policy_made=1
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  apt_get install "${missing[@]}" >"$log" 2>&1 ||
    { apt_get update && apt_get install "${missing[@]}"; } >>"$log" 2>&1 || status=1
  if [ -n "$policy_made" ]; then
    rm -f "$policy"
    trap - EXIT
  fi
  if [ "$status" -ne 0 ]; then
    tail -n 15 "$log" >&2
    rm -f "$log"
    die "could not install ${missing[*]}; the last words of apt are above."
  fi
  rm -f "$log"
}

apt_get() {
  timeout 600 env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 \
    --no-install-recommends "$@" </dev/null
}

# The library that makes the ciphers fast; it is for x86-64 only, and the daemon does without.
fast_ciphers() { case $(dpkg --print-architecture) in amd64) echo libipsec-mb1 ;; esac; }

# What the hosts of the laboratory run, and what judges them.
require_laboratory() {
  require_root
  # The first three link the program.
  require_packages gcc libc6-dev zlib1g-dev iproute2 procps nftables ethtool iputils-ping iputils-arping socat curl nginx-light openssl iperf3 \
    tcpdump tshark ike-scan python3 python3-scapy python3-cryptography $(fast_ciphers)
  require_tun
  require_namespaces
  require_sdk
}
