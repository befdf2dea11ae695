/**
 * An environment variable, or undefined where it is not set or may not be read: a terminal is not asked for what a command
 * can do without.
 */
export function environment(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) || undefined : undefined;
}
