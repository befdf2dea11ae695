// Vector: VEC (1 or 4) elements as kernels compute with them; Bits, Bools: as wide; Stored: as they are in memory, of type E.
//: if VEC == 4
alias Vector = vec4f;
alias Bits = vec4u;
alias Bools = vec4<bool>;
alias Stored = vec4<${E}>;
//: else
alias Vector = f32;
alias Bits = u32;
alias Bools = bool;
alias Stored = ${E};
//: end
