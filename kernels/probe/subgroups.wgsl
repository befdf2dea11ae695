// wrong[t] = how many of the exchanges that join_lanes makes between thread t and its neighbours gave it another's number.
// wrong: uint32 [64]. Dispatch: one group. Template: SUBGROUP, at most 64.
@group(0) @binding(0) var<storage, read_write> wrong: array<u32>;

@compute @workgroup_size(8, 8)
fn main(@builtin(local_invocation_index) thread: u32) {
  var count = 0u;
  //: for k in 0..6
  //: if 32 >> k < SUBGROUP
  count += select(1u, 0u, subgroupShuffleXor(thread, ${32 >> k}u) == (thread ^ ${32 >> k}u));
  //: end
  //: end
  wrong[thread] = count;
}
