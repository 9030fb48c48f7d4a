import fc from 'fast-check';

/** A write, alone or as a part of a multi. Paths are relative to the run's own root. */
export type Write =
  | { readonly op: 'create'; readonly path: string; readonly sequential: boolean }
  | { readonly op: 'delete' | 'set' | 'check'; readonly path: string; readonly version: number };

/** Something that a client is asked to do. */
export type Command =
  | Extract<Write, { op: 'create' }>
  | { readonly op: 'delete' | 'set'; readonly path: string; readonly version: number }
  | { readonly op: 'multi'; readonly parts: readonly Write[] }
  | { readonly op: 'exists' | 'get' | 'children'; readonly path: string; readonly watch: boolean }
  | { readonly op: 'multiRead'; readonly paths: readonly string[] }
  | { readonly op: 'removeWatches'; readonly path: string; readonly list: 'data' | 'children' }
  | { readonly op: 'addWatch'; readonly path: string; readonly recursive: boolean }
  /** Closes one of the persistent watches. */
  | { readonly op: 'closeWatch'; readonly which: number };

const path = fc.constantFrom('', '/a', '/b', '/a/a', '/a/b', '/a/a/a', '/s0000000000');
const below = fc.constantFrom('/a', '/b', '/a/a', '/a/b', '/a/a/a');
const version = fc.constantFrom(-1, -1, -1, 0, 1, 2);

const create = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('create' as const),
      path: below,
      sequential: fc.constant(false),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('create' as const),
      path: fc.constantFrom('/s', '/a/s', '/a/'),
      sequential: fc.constant(true),
    }),
  },
);
const versioned = <const O extends string>(...ops: O[]) =>
  fc.record({ op: fc.constantFrom(...ops), path, version });

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: create },
  { weight: 6, arbitrary: versioned('delete', 'set', 'set') },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant('multi' as const),
      parts: fc.array(fc.oneof(create, versioned('delete', 'set', 'check')), { maxLength: 5 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constantFrom('exists' as const, 'get' as const, 'children' as const),
      path,
      watch: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('multiRead' as const),
      paths: fc.array(path, { maxLength: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('removeWatches' as const),
      path,
      list: fc.constantFrom('data' as const, 'children' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant('addWatch' as const), path, recursive: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant('closeWatch' as const), which: fc.nat({ max: 3 }) }),
  },
);

/** Sequences of commands. */
export const commands = fc.array(command, { minLength: 1, maxLength: 60, size: 'max' });
