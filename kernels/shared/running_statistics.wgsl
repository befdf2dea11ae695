// Moves the running statistics of channel c of a batch normalisation toward those of a batch of N elements a channel, the
// variance toward the unbiased one; COUNT 1: batches += 1. Wants the mean and the biased variance.
let unbiased = variance * ${N} / max(${N} - 1.0, 1.0);
runningMean[c] = mix(runningMean[c], mean, params.momentum);
runningVar[c] = mix(runningVar[c], unbiased, params.momentum);
//: if COUNT
if (c == 0u) { batches[0] += 1; }
//: end
