// Row ROW of the window of channel i, from `at`: columns FIRST .. FIRST + COLUMNS of it, of which those outside the image are zero.
{
  let begin = i32(at + in${i}) + ${FIRST-PX};
  //: include "row_floats" FROM = "x", COUNT = COLUMNS, VEC = VX, OFF = OX
  //: for c in 0..COLUMNS
  x${i}_${ROW}_${FIRST+c} = select(0.0, r${c}, rowIn && colIn${FIRST+c});
  //: end
}
