/** Which places of a list come before which: `edges[a]` are those that come after `a`. */
export type Edges = readonly (readonly number[])[];

/**
 * The strongly connected components of a graph (Kosaraju), each with its places in rising order. A
 * component comes before those that its edges lead to, otherwise in the order of the places. Pure;
 * without recursion: a graph may be as deep as it is large.
 */
export function components(edges: Edges): number[][] {
  const backward: number[][] = edges.map(() => []);
  edges.forEach((targets, place) => {
    for (const target of targets) backward[target]!.push(place);
  });
  // From the last place on, so that of two that have nothing to do with each other the first is first.
  const last = edges.map((_, place) => place).reverse();
  const finished = depthFirst(edges, last, () => {});
  const found: number[][] = [];
  depthFirst(backward, finished.reverse(), (place, begins) => {
    if (begins) found.push([]);
    found.at(-1)!.push(place);
  });
  return found.map((places) => places.sort((a, b) => a - b));
}

/** Visits all places, beginning at those of `from` in turn; gives them in the order of leaving them. */
function depthFirst(
  edges: Edges,
  from: readonly number[],
  visit: (place: number, begins: boolean) => void,
): number[] {
  const seen = new Set<number>();
  const left: number[] = [];
  for (const start of from) {
    if (seen.has(start)) continue;
    seen.add(start);
    visit(start, true);
    const way = [{ place: start, next: 0 }];
    for (let at = way.at(-1); at !== undefined; at = way.at(-1)) {
      const target = edges[at.place]![at.next++];
      if (target === undefined) {
        left.push(at.place);
        way.pop();
      } else if (!seen.has(target)) {
        seen.add(target);
        visit(target, false);
        way.push({ place: target, next: 0 });
      }
    }
  }
  return left;
}
