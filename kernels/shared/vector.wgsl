// Vector: VEC (1 or 4, with WIDE also 2) elements as kernels compute with them; Bits, Bools: as wide; Stored: as they are in memory, of type E;
// loaded() and stored() make one of the other.
//: if WIDE
//: include "wide"
//: end
//: include "moved" NAME = "Stored", FLOATS = "Vector", FROM = "loaded", TO = "stored"
//: if VEC == 1
alias Bits = u32;
alias Bools = bool;
//: else
alias Bits = vec${VEC}u;
alias Bools = vec${VEC}<bool>;
//: end
