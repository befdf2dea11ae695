// A row of x as a tile of TX columns and stride S reads it with a kernel KW wide: X is what is moved at a time, VX elements.
// EXACT: tiles cover x without a rest. FULL: one tile across. Needs x, "wide" where WIDE, params.height, width and tilesX.
//: include "moved" NAME = "X", FLOATS = "XF", FROM = "fromX", TO = "toX", VEC = VX

alias Row = array<f32, ${(TX-1)*S+KW}>;

// The part of row iy of x that a tile needs; zero outside.
fn loadRow(plane: u32, iy: u32, tileX: u32) -> Row {
  var row: Row;
  let rowIn = iy < params.height;
  //: if EXACT
  let at = (plane * params.height + iy) * (params.width / ${VX}u) + tileX * ${TX*S/VX}u;
  //: for q in 0..TX*S/VX
  let m${q} = select(XF(), fromX(x[at + ${q}u]), rowIn);
  //: end
  let leftIn = rowIn && tileX > 0u;
  let rightIn = rowIn && tileX + 1u < params.tilesX;
  //: else
  let ix = tileX * ${TX*S}u - ${PX}u;
  let at = (plane * params.height + iy) * params.width + ix;
  //: end
  //: for c in 0..(TX-1)*S+KW
  //: if !EXACT
  row[${c}] = select(0.0, fromX(x[at + ${c}u]), rowIn && ix + ${c}u < params.width);
  //: else
  //: if c >= PX && c < PX + TX*S
  row[${c}] = m${(c-PX)/VX}
  //: if VX > 1
    [${(c-PX)%VX}]
  //: end
    ;
  //: else
  //: if !FULL
  row[${c}] = select(0.0, fromX(x[at + ${(c+PX*VX-PX)/VX}u - ${PX}u])
  //: if VX > 1
    [${(c+PX*VX-PX)%VX}]
  //: end
    , (${c < PX} && leftIn) || (${c >= PX} && rightIn));
  //: end
  //: end
  //: end
  //: end
  return row;
}
