// Runs each(i) for the elements i of ${OUT}, whose length is whole blocks of 256: a workgroup of 64 threads a block, four
// elements each. With more than 65,535 groups some lie past the end.
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let first = (group.x + group.y * groups.x) * 256u + thread;
  if (first >= arrayLength(&${OUT})) { return; }
  //: if LOOPS
  for (var i = first; i < first + 256u; i += 64u) { each(i); }
  //: else
  for (var k = 0u; k < 4u; k++) { each(first + k * 64u); }
  //: end
}
