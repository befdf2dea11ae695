let preact = true;

/**
 * Runs `fn` with models whose {@linkcode Features.preactFeats} may be empty: nobody reads them, so that a ReLU need not be
 * apart from what is before it. `fn` must not be async.
 */
export function withoutPreact<T>(fn: () => T): T {
  const outer = preact;
  preact = false;
  try {
    return fn();
  } finally {
    preact = outer;
  }
}

/** Whether a model is to return {@linkcode Features.preactFeats}. */
export function wantsPreact(): boolean {
  return preact;
}
