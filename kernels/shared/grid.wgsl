// Runs each(e) for the thread of element e: groups of ${GROUP} threads, counted along x and then y. The last group's threads
// may lie past the end.
@compute @workgroup_size(${GROUP})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  each((group.x + group.y * groups.x) * ${GROUP} + thread);
}
