/** Takes the exit status of the command that ran. */
export type Exit = (status: number) => void;
