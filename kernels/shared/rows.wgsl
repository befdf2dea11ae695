// Runs eachRow(n, lane, thread) for every row n, ROWS rows of LANES neighbouring threads a group, counted along x and then
// y. The last group's rows may lie past the end. LANES is 1 on adapters that run kernels on the CPU.
@compute @workgroup_size(${LANES}, ${ROWS})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  eachRow((group.x + group.y * groups.x) * ${ROWS}u + local.y, local.x, thread);
}
