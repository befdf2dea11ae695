// Vector: VEC (1 or 4, with WIDE also 2) elements as kernels compute with them; Bits, Bools: as wide; Stored: as they are in memory, of type E;
// loaded() and stored() make one of the other.
//: if VEC == 4
alias Vector = vec4f;
alias Bits = vec4u;
alias Bools = vec4<bool>;
//: if WIDE
alias Stored = vec2<u64>;
//: include "wide"
fn loaded(elements: Stored) -> Vector { return wide4(elements); }
fn stored(vector: Vector) -> Stored { return narrow4(vector); }
//: else
alias Stored = vec4<${E}>;
//: end
//: end
//: if VEC == 2
alias Vector = vec2f;
alias Bits = vec2u;
alias Bools = vec2<bool>;
alias Stored = u64;
//: include "wide"
fn loaded(elements: Stored) -> Vector { return wide2(elements); }
fn stored(vector: Vector) -> Stored { return narrow2(vector); }
//: end
//: if VEC == 1
alias Vector = f32;
alias Bits = u32;
alias Bools = bool;
alias Stored = ${E};
//: end
//: if VEC == 1 || !WIDE
fn loaded(elements: Stored) -> Vector { return Vector(elements); }
fn stored(vector: Vector) -> Stored { return Stored(vector); }
//: end
