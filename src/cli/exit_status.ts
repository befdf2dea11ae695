/** Exit status after a mistake or a failure. */
export const FAILED = 1;

/** Exit status of a command that was interrupted, as shells report SIGINT. */
export const INTERRUPTED = 130;
