#!/bin/sh
# Two hosts on one machine: network namespaces with names, addresses and a TCP connection of their own, between which MPI starts
# ranks by a script in place of ssh. Needs root, Linux, iproute2 and an MPI.
#
#   sudo sh tests/slow/two_hosts.sh [--rate 10gbit] [--delay 25us] [.mpi/bin/mpirun | mpirun] [words of deno task]
#
# The connection has no wire: --rate and --delay give it that of one, each way, as far as the kernel can (tc-tbf, tc-netem).
#
# Without words it runs doctor and the collective calls, then kills a rank, then cuts the cable, and tells how long the other
# host's rank lived on.
set -u
cd "$(dirname "$0")/../.." || exit 1
rate=
delay=
while :; do
  case ${1-} in
    --rate | --delay)
      [ $# -gt 1 ] || { echo "$1 wants a value such as 10gbit or 25us" >&2 && exit 1; }
      case $1 in --rate) rate=$2 ;; *) delay=$2 ;; esac
      shift 2
      ;;
    *) break ;;
  esac
done
mpirun=${1:-.mpi/bin/mpirun}
[ $# -eq 0 ] || shift

folder=$(mktemp -d)
# What runs on the two hosts; $1 is part of a program's name.
running() {
  for host in a b; do
    for id in $(ip netns pids "wkd-$host"); do
      case $(cat "/proc/$id/comm" 2>/dev/null) in "$1"*) echo "$id" ;; esac
    done
  done
}
tidy() {
  for id in $(running ""); do kill -9 "$id" 2>/dev/null; done
  ip netns del wkd-a 2>/dev/null
  ip netns del wkd-b 2>/dev/null
  rm -rf "$folder"
}
# Those of a script that is under way are not tidied.
ip netns add wkd-a || exit 1
trap tidy EXIT
ip netns add wkd-b || exit 1
ip link add wkd0 netns wkd-a type veth peer name wkd0 netns wkd-b
for side in a:1 b:2; do
  ip -n "wkd-${side%:*}" address add "10.77.0.${side#*:}/24" dev wkd0
  ip -n "wkd-${side%:*}" link set wkd0 up
  ip -n "wkd-${side%:*}" link set lo up
done

# The kernel tells within a second that they are connected, and MPICH's UCX takes no device before.
for host in a b; do
  for _ in $(seq 50); do
    [ "$(ip netns exec "wkd-$host" cat /sys/class/net/wkd0/operstate)" != up ] || break
    sleep 0.1
  done
done

# A bucket of 512 KB, a few packets of the largest: a smaller one loses more to the clock, a larger one is no wire.
shape() {
  [ -n "$rate$delay" ] || return 0
  if [ -n "$delay" ]; then
    set -- netem delay "$delay" ${rate:+rate "$rate"} limit 100000
  else
    set -- tbf rate "$rate" burst 512kb latency 50ms
  fi
  for side in a b; do
    tc -n "wkd-$side" qdisc add dev wkd0 root "$@" ||
      { echo "this kernel cannot do that: tc qdisc add ... $*" >&2 && return 1; }
  done
}
shape || exit 1

# What ssh does: AGENT [-x] HOST COMMAND. Own names of hosts and own shared memory keep the two apart as machines are.
cat >"$folder/agent" <<'END'
#!/bin/sh
while case $1 in -*) true ;; *) false ;; esac; do shift; done
case $1 in 10.77.0.1) host=a ;; *) host=b ;; esac
shift
exec ip netns exec "wkd-$host" unshare --uts --ipc sh -c 'hostname "$1"; shift; eval exec "$*"' sh "host-$host" "$@"
END
chmod +x "$folder/agent"

# Starts a rank on each host.
ranks() {
  case $("$mpirun" --version 2>&1) in
    *"Open MPI"* | *OpenRTE*)
      OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 "$folder/agent" 10.77.0.1 "$mpirun" -n 2 \
        --host 10.77.0.1:1,10.77.0.2:1 --mca plm_rsh_agent "$folder/agent" --mca btl tcp,self \
        --mca btl_tcp_if_include wkd0 --mca oob_tcp_if_include wkd0 --bind-to none "$@"
      ;;
    *)
      UCX_TLS=tcp,self UCX_NET_DEVICES=wkd0 "$folder/agent" 10.77.0.1 "$mpirun" -n 2 -ppn 1 -launcher ssh \
        -launcher-exec "$folder/agent" -hosts 10.77.0.1,10.77.0.2 -iface wkd0 "$@"
      ;;
  esac
}

program() {
  ranks sh src/cli/rank.sh deno run --allow-env --allow-read --allow-run --allow-sys --no-check \
    tests/parallel/rank_program.ts "$@"
}

sent() { ip netns exec wkd-a cat /sys/class/net/wkd0/statistics/tx_bytes; }
now() { date +%s%N; }

# Runs ranks that hold on for ever, does $1 to the second host, and tells how long the ranks and the launcher lived on.
ending() {
  : >"$folder/out"
  program hold >"$folder/out" 2>&1 &
  started=$!
  while [ "$(grep -c '^pid' "$folder/out")" -lt 2 ] && kill -0 $started 2>/dev/null; do sleep 0.1; done
  sleep 1
  begin=$(now)
  "$1"
  while [ -n "$(running deno)" ]; do sleep 0.1; done
  printf 'no rank left after %s ms\n' $((($(now) - begin) / 1000000))
  # Open MPI's mpirun waits for minutes for a host that cannot be reached.
  (sleep 3 && kill -9 $started) >/dev/null 2>&1 &
  wait $started 2>/dev/null
  printf 'the launcher ended with status %s after %s ms\n' $? $((($(now) - begin) / 1000000))
  for id in $(running ""); do kill -9 "$id" 2>/dev/null; done
  grep -v '^pid' "$folder/out"
}
kill_rank() { kill -9 "$(sed -n '2s/^pid //p' "$folder/out")"; }
cut_cable() { ip -n wkd-b link set wkd0 down; }

if [ $# -gt 0 ]; then
  ranks deno task -q "$@"
  status=$?
  # Standard output is the task's alone.
  echo "bytes sent by the first host: $(sent)" >&2
  exit $status
fi

echo "== doctor"
ranks deno task -q doctor
echo "bytes sent by the first host: $(sent)"
echo "== all collective calls"
program collectives || exit 1
echo "== a rank is killed"
ending kill_rank
echo "== the cable is cut"
ending cut_cable
