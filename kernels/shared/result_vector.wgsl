// Result: what a thread makes of a reduction as it computes, VEC of them side by side unless ALONG (its loads go along the sum);
// StoredResult: as it is in memory, of type R.
//: if VEC == 4 && !ALONG
alias Result = vec4f;
alias StoredResult = vec4<${R}>;
//: else
alias Result = f32;
alias StoredResult = ${R};
//: end
