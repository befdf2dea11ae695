#!/bin/sh
# Runs `deno run ...` as one of the ranks that a launcher (mpirun, srun) started, with the permission that MPI wants; the tasks
# do so by themselves. Says which rank it was where a signal ended it, since launchers see no further than the task.

rank=${OMPI_COMM_WORLD_RANK:-${PMI_RANK:-${PMIX_RANK:-${SLURM_PROCID:-?}}}}
size=${OMPI_COMM_WORLD_SIZE:-${PMI_SIZE:-${SLURM_STEP_NUM_TASKS:-?}}}
here=${OMPI_COMM_WORLD_LOCAL_SIZE:-${MPI_LOCALNRANKS:-${SLURM_STEP_TASKS_PER_NODE:-1}}}
# Slurm writes 4(x2) for two hosts of four.
here=${here%%[!0-9]*}
cores=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)

# Open MPI gives a rank one core unless told otherwise, which decoding and the software adapter would crowd.
if [ -n "${OMPI_COMM_WORLD_RANK-}" ] && [ -z "${OMPI_MCA_hwloc_base_binding_policy-}" ]; then
  taskset -pc "0-$((cores - 1))" $$ >/dev/null 2>&1
fi
# The software adapters of a host's ranks share its cores.
if [ -z "${LP_NUM_THREADS-}" ] && [ "$here" -gt 1 ]; then
  LP_NUM_THREADS=$((cores / here > 0 ? cores / here : 1))
  export LP_NUM_THREADS
fi

shift 2
# What runs in the background ignores Ctrl-C until it listens for it, unless that is undone.
reset=
env --default-signal=INT true 2>/dev/null && reset="env --default-signal=INT,QUIT"
$reset deno run --allow-ffi "$@" &
child=$!
trap 'kill -INT $child' INT
trap 'kill -HUP $child' HUP
# A launcher hands SIGUSR2 on where it would follow SIGTERM with SIGKILL at once.
trap 'kill -TERM $child' TERM USR2
wait $child 2>/dev/null
status=$?
# A signal ends the waiting before the child.
while kill -0 $child 2>/dev/null; do
  wait $child 2>/dev/null
  status=$?
done
case $status in
  # Interrupted, or gone after it said why (SIGALRM).
  129 | 130 | 142 | 143) ;;
  *)
    [ $status -gt 128 ] && printf 'rank %s of %s on %s was ended by signal %s (SIG%s)\n' "$rank" "$size" \
      "$(uname -n)" $((status - 128)) "$(kill -l $((status - 128)))" >&2
    ;;
esac
exit $status
