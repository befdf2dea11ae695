fn ${NAME}Pair(a: Lane, b: Lane) -> Lane { return ${JOIN}; }

// What the values of LANES neighbouring threads make together, in each of them: halves are joined first, then quarters.
// All threads of the group must call it. Those that share a subgroup exchange values without memory, in the same order.
fn ${NAME}(own: Lane, thread: u32) -> Lane {
  var value = own;
  //: if LANES > SUBGROUP
  workgroupBarrier();
  //: end
  //: for k in 0..10
  //: if 512 >> k < LANES
  //: if 512 >> k < SUBGROUP
  value = ${NAME}Pair(value, subgroupShuffleXor(value, ${512 >> k}u));
  //: else
  lanes[${k % 2 * LANES * ROWS}u + thread] = value;
  workgroupBarrier();
  value = ${NAME}Pair(value, lanes[${k % 2 * LANES * ROWS}u + (thread ^ ${512 >> k}u)]);
  //: end
  //: end
  //: end
  return value;
}
