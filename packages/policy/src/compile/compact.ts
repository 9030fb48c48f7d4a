/** An object without the fields that say nothing, so that two that say the same look the same. */
export function compact<T extends object>(value: T): T {
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(fields) as T; // what is left out was undefined, and reads so still
}
