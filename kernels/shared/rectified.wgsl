// max(x, 0). As integers, the floats from -0 to -Infinity are those up to -0x800000; NaN of either sign lies above and passes.
fn rectified(x: ${T}) -> ${T} { return select(x, ${T}(), bitcast<${I}>(x) <= ${I}(-0x800000)); }
