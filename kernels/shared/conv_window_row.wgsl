// Row ROW of the window of channel i, from `at`: columns outside the image are zero. With VX = 4 whole vectors are loaded where
// all of one is wanted.
//: if VX == 4
let v${i} = (at + in${i}) / 4u - 1u;
//: for c in 0..(TX-1)*S+KW
//: if c >= PX && (c-PX) % 4 == 0 && c+4 <= (TX-1)*S+KW
let n${i}_${(c-PX)/4} = select(vec4f(), x[v${i} + ${(c-PX)/4+1}u], rowIn && colIn${c});
//: end
//: end
//: end
//: for c in 0..(TX-1)*S+KW
//: if VX == 1
x${i}_${ROW}_${c} = select(0.0, x[at + in${i} - ${PX}u + ${c}u], rowIn && colIn${c});
//: else
//: if c >= PX && (c-PX)/4*4+PX+4 <= (TX-1)*S+KW
x${i}_${ROW}_${c} = n${i}_${(c-PX)/4}[${(c-PX)%4}];
//: else
x${i}_${ROW}_${c} = select(0.0, x[v${i} + ${(c-PX+4)/4}u][${(c-PX+4)%4}], rowIn && colIn${c});
//: end
//: end
//: end
