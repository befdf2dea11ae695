/** Whether a permission is there; nobody is asked for it. */
export function granted(permission: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(permission).state === "granted";
}

/**
 * An environment variable, or undefined where it is not set or may not be read: a terminal is not asked for what a command
 * can do without.
 */
export function environment(variable: string): string | undefined {
  return granted({ name: "env", variable }) ? Deno.env.get(variable) || undefined : undefined;
}
