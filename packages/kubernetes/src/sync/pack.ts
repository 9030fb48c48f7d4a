import { sameSliceEndpoint, type WeighedEndpoint } from './slice.ts';

/** What a slice holds at most. The API takes 1,000; what is written again for one change is the slice. */
export const MOST_IN_A_SLICE = 100;

/** A slice that is there, of one set. */
export interface PresentSlice {
  readonly name: string;
  readonly endpoints: readonly WeighedEndpoint[];
}

/** What has to be written for a set of endpoints, in the order in which it is safe. */
export interface Packing {
  /** New slices. */
  readonly create: readonly (readonly WeighedEndpoint[])[];
  /** What slices hold from now on: those first that get endpoints that another is about to lose. */
  readonly update: readonly PresentSlice[];
  /** Names of slices that go. */
  readonly delete: readonly string[];
}

interface Draft {
  readonly name: string;
  readonly kept: WeighedEndpoint[];
  touched: boolean;
  grown: boolean;
}

/**
 * The fewest writes that bring slices to hold exactly these endpoints. Pure, and stable: an endpoint
 * stays in its slice; new ones fill the holes of slices that are written anyway, then those of one
 * that has room for all of them, then new slices; the order of what is wanted makes no difference.
 * Slices are merged only where a slice that is written anyway takes another in, and where at most
 * half of the slices are needed: then at one write more.
 * @param present slices of one set (address type and ports)
 * @param wanted by address
 */
export function pack(
  present: readonly PresentSlice[],
  wanted: ReadonlyMap<string, WeighedEndpoint>,
  most = MOST_IN_A_SLICE,
): Packing {
  const placed = new Set<string>();
  const drafts = present
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((slice) => draftOf(slice, wanted, placed, most));
  const waiting = [...wanted]
    .filter(([address]) => !placed.has(address))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, endpoint]) => endpoint);
  const created = place(drafts, waiting, most);
  merge(drafts, Math.ceil(wanted.size / most), most);
  const written = drafts.filter(({ touched, kept }) => touched && kept.length > 0);
  return {
    create: created,
    update: written
      .toSorted((a, b) => Number(b.grown) - Number(a.grown))
      .map(({ name, kept }) => ({ name, endpoints: kept })),
    delete: drafts.filter(({ kept }) => kept.length === 0).map(({ name }) => name),
  };
}

/** What of a slice stays in it. */
function draftOf(
  { name, endpoints }: PresentSlice,
  wanted: ReadonlyMap<string, WeighedEndpoint>,
  placed: Set<string>,
  most: number,
): Draft {
  const kept: WeighedEndpoint[] = [];
  let touched = false;
  for (const was of endpoints) {
    const [address, ...more] = was.endpoint.addresses;
    const now = address === undefined ? undefined : wanted.get(address);
    // More than one address is none of ours, nor is a second endpoint of one.
    if (now === undefined || more.length > 0 || placed.has(address!) || kept.length === most) {
      touched = true;
      continue;
    }
    placed.add(address!);
    kept.push(now);
    touched ||= now.weight !== was.weight || !sameSliceEndpoint(now.endpoint, was.endpoint);
  }
  return { name, kept, touched, grown: false };
}

/** Puts endpoints where there is room. @returns new slices for what is left */
function place(
  drafts: readonly Draft[],
  waiting: WeighedEndpoint[],
  most: number,
): WeighedEndpoint[][] {
  const fill = (draft: Draft) => {
    const added = waiting.splice(0, most - draft.kept.length);
    if (added.length === 0) return;
    draft.kept.push(...added);
    draft.touched = true;
    draft.grown = true;
  };
  // The fullest first, so that sparse ones get empty in time; an empty one would have to be deleted.
  const fullest = (a: Draft, b: Draft) => b.kept.length - a.kept.length;
  const emptied = ({ touched, kept }: Draft) => touched && kept.length === 0;
  drafts
    .filter((draft) => draft.touched && draft.kept.length > 0)
    .sort(fullest)
    .forEach(fill);
  drafts.filter(emptied).forEach(fill);
  const created: WeighedEndpoint[][] = [];
  while (waiting.length > most) created.push(waiting.splice(0, most));
  if (waiting.length > 0) {
    const fits = drafts.filter(({ kept }) => kept.length + waiting.length <= most).sort(fullest);
    if (fits[0] !== undefined) fill(fits[0]);
    else created.push(waiting.splice(0));
  }
  return created;
}

/** Empties slices into others, where that costs nothing, or is worth it. */
function merge(drafts: readonly Draft[], needed: number, most: number): void {
  const held = () => drafts.filter(({ kept }) => kept.length > 0);
  const sparsest = (a: Draft, b: Draft) => a.kept.length - b.kept.length;
  let more = held().length >= 2 * needed ? 1 : 0;
  for (const source of held().sort(sparsest)) {
    // Instead of being written it is deleted; one that would not have been is a write more.
    if (!source.touched && more === 0) continue;
    const target = held().find(
      (draft) =>
        draft !== source && draft.touched && draft.kept.length + source.kept.length <= most,
    );
    if (target === undefined) continue;
    if (!source.touched) more--;
    target.kept.push(...source.kept.splice(0));
    target.grown = true;
    source.touched = true;
  }
}
