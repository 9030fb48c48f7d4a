/**
 * Milliseconds since the epoch with their fractions. Two processes of a machine that started at
 * about the same time agree within some microseconds.
 */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
