// ${NAME}: VEC (1, 2 or 4) elements as they are in memory, of type E, or 64-bit integers where WIDE; ${FLOATS}: as kernels compute
// with them. ${FROM}() and ${TO}() make one of the other. WIDE wants "wide" beside it.
//: if VEC == 1
alias ${FLOATS} = f32;
alias ${NAME} = ${E};
//: else
alias ${FLOATS} = vec${VEC}f;
//: if !WIDE
alias ${NAME} = vec${VEC}<${E}>;
//: end
//: if WIDE && VEC == 2
alias ${NAME} = u64;
//: end
//: if WIDE && VEC == 4
alias ${NAME} = vec2<u64>;
//: end
//: end
//: if WIDE && VEC > 1
fn ${FROM}(elements: ${NAME}) -> ${FLOATS} { return wide${VEC}(elements); }
fn ${TO}(floats: ${FLOATS}) -> ${NAME} { return narrow${VEC}(floats); }
//: else
fn ${FROM}(elements: ${NAME}) -> ${FLOATS} { return ${FLOATS}(elements); }
fn ${TO}(floats: ${FLOATS}) -> ${NAME} { return ${NAME}(floats); }
//: end
