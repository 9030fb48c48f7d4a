/**
 * Visits all of `todo`, to which a visit may add, at most `limit` at once. The first error ends it:
 * what is under way by then runs out unheard, nothing more is begun.
 */
export async function each<T>(
  limit: number,
  todo: T[],
  visit: (item: T) => Promise<void>,
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  while (todo.length > 0 || underWay.size > 0) {
    if (todo.length === 0 || underWay.size === limit) {
      await Promise.race(underWay);
      continue;
    }
    const visiting = visit(todo.pop()!).finally(() => underWay.delete(visiting));
    visiting.catch(() => {}); // the race above throws it
    underWay.add(visiting);
  }
}
