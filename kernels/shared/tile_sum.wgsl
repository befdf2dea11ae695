// sum{r}_{v} += tileA * tileB over D places of the sum: R rows and C columns a thread, in workgroup memory as [place][4 rows]
// and [place][4 columns], from vectors rowPlace and columnPlace on, TY and TX vectors apart. The places are constants, so that
// each vector costs one load and no arithmetic; U of them are unrolled (D, or fewer where compiling costs more than running).
//: if U < D
for (var turn = 0u; turn < ${D}u; turn += ${U}u) {
//: end
//: for k in 0..U
  {
    //: if U < D
    let place = turn + ${k}u;
    //: else
    const place = ${k}u;
    //: end
    //: for h in 0..R/4
    let rows${h} = vec4f(tileA[place][rowPlace + ${h * TY}u]);
    //: end
    //: for v in 0..C/4
    let columns${v} = vec4f(tileB[place][columnPlace + ${v * TX}u]);
    //: end
    //: for r in 0..R
    //: for v in 0..C/4
    sum${r}_${v} = fma(vec4f(rows${r / 4}[${r % 4}]), columns${v}, sum${r}_${v});
    //: end
    //: end
  }
//: end
//: if U < D
}
//: end
