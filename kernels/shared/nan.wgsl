// Whether x is NaN, element by element. Compilers may assume that there is none, so the bits are looked at.
fn isNan(x: ${T}) -> ${B} {
  return (bitcast<${U}>(x) & ${U}(0x7fffffffu)) > ${U}(0x7f800000u);
}
