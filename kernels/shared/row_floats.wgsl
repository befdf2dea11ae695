// COUNT floats of the array FROM, from its element `begin` (i32) on, as r0, r1 and so on; VEC (2, 4 or 8) of them a load of 64-bit
// integers. `begin` is OFF elements behind a whole vector; with OFF = -1 (and VEC = 2) it is even or odd.
//: if OFF < 0
let vector = begin >> 1u;
let isOdd = (begin & 1) == 1;
//: for j in 0..COUNT/2+1
let pair${j} = wide2(${FROM}[vector + ${j}]);
//: end
//: for c in 0..COUNT
let r${c} = select(pair${c/2}[${c%2}], pair${(c+1)/2}[${(c+1)%2}], isOdd);
//: end
//: else
let vector = (begin - ${OFF}) >> ${VEC==8?3:VEC/2}u;
//: for j in 0..(OFF+COUNT+VEC-1)/VEC
//: for low in (j*VEC>OFF?j*VEC:OFF)..(j*VEC>OFF?j*VEC:OFF)+1
//: for high in (j*VEC+VEC<OFF+COUNT?j*VEC+VEC:OFF+COUNT)..(j*VEC+VEC<OFF+COUNT?j*VEC+VEC:OFF+COUNT)+1
//: if VEC == 2
let pair${j} = wide2(${FROM}[vector + ${j}]);
//: else
//: if low/2 == (high-1)/2
let pair${low/2} = wide2(${FROM}[vector + ${j}][${low%VEC/2}]);
//: else
let loaded${j} = ${FROM}[vector + ${j}];
//: for k in low/2..(high+1)/2
let pair${k} = wide2(loaded${j}[${k-j*VEC/2}]);
//: end
//: end
//: end
//: for e in low..high
let r${e-OFF} = pair${e/2}[${e%2}];
//: end
//: end
//: end
//: end
//: end
