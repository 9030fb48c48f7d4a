/**
 * Waits for something no longer than it is sensible to.
 * @param patience milliseconds
 * @throws Error that says what has not come
 */
export async function within<T>(patience: number, what: string, result: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`waited ${patience / 1_000} s in vain for ${what}`)),
    patience,
  );
  try {
    return await Promise.race([result, late]);
  } finally {
    clearTimeout(timer);
  }
}
