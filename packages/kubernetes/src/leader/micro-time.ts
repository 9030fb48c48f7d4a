/**
 * A moment as Leases have it: with exactly six digits after the point, or the API takes it not.
 * @param at milliseconds since the epoch
 */
export function microTime(at: number): string {
  return new Date(at).toISOString().replace('Z', '000Z');
}
