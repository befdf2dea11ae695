// Puts what tile_load loaded into workgroup memory, zeros past the end of the sum.
//: if W * D < 4 * THREADS
if (index < ${W * D / 4}u) {
//: end
//: for v in 0..(W * D + 4 * THREADS - 1) / (4 * THREADS)
//: if TURNED
${TILE}[${X}Place][${X}Vector + ${v * THREADS / D}u] = select(vec4f(), ${X}${v}, origin + ${X}Place < end);
//: else
${TILE}[${X}Place + ${v * 4 * THREADS / W}u][${X}Vector] =
  select(vec4f(), ${X}${v}, origin + ${X}Place + ${v * 4 * THREADS / W}u < end);
//: end
//: end
//: if W * D < 4 * THREADS
}
//: end
