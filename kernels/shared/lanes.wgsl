//: if LANES > SUBGROUP
// What join_lanes works in; Lane is the kernel's alias for what a thread holds. Twice as many as threads: steps take turns,
// so that one barrier a step is enough.
var<workgroup> lanes: array<Lane, ${2 * LANES * ROWS}>;
//: end
