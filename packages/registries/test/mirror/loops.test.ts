import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Endpoint, NO_LOCALITY, type Service } from '@meshkeeper/mesh';
import fc from 'fast-check';
import { DIALECTS, type Dialect } from '../../src/index.ts';
import { Identifier } from '../../src/mirror/identifier.ts';
import { MirrorTarget } from '../../src/mirror/target.ts';
import { MemoryTree } from './memory-tree.ts';

/** Those in which each instance is a znode: where a service is one, there is one mirror of it. */
const dialects = [...DIALECTS.values()].filter(({ encodeService }) => encodeService === undefined);
const SERVICES = ['com.foo.A', 'orders'];

/** A registry: a tree of one dialect. */
interface Registry {
  readonly dialect: Dialect;
  readonly root: string;
  readonly tree: MemoryTree;
  readonly identifier: Identifier;
}

/** A control plane that mirrors one registry into another. */
interface Plane {
  readonly from: Registry;
  readonly to: Registry;
  readonly session: bigint;
  readonly target: MirrorTarget;
}

/** What a control plane reads of a registry: the same as `TreeSource`. */
function read({ dialect, root, tree, identifier }: Registry, registry: string): Service[] {
  const reading = dialect.reading({ registry, root, locality: NO_LOCALITY });
  for (const node of tree.nodes.values())
    if (!identifier.isMirrored(node)) for (const _ of reading.put(node));
  // One of each address, as the catalog has them.
  return [...reading.names].map((name) => {
    const service = reading.service(name)!;
    const byAddress = new Map<string, Endpoint>();
    for (const each of service.endpoints) byAddress.set(`${each.address}:${each.port}`, each);
    return { ...service, endpoints: [...byAddress.values()] };
  });
}

/** One round of a control plane; gives how many steps it took. */
function round({ from, to, session, target }: Plane): number {
  for (const [path] of [...(seen.get(target) ?? [])])
    if (!to.tree.nodes.has(path)) target.remove(path);
  for (const node of to.tree.nodes.values()) target.put(node);
  seen.set(target, new Map(to.tree.nodes));
  const services = new Map(read(from, 'from').map((service) => [service.name, service]));
  for (const name of new Set([...services.keys(), ...known])) target.want(name, services.get(name));
  for (const name of services.keys()) known.add(name);
  let steps = 0;
  for (const directory of target.directories)
    for (const step of target.plan(directory, { session, remove: true })) {
      to.tree.do(step, session);
      steps++;
    }
  return steps;
}
const seen = new WeakMap<MirrorTarget, Map<string, unknown>>();
const known = new Set<string>();

function offers({ name, endpoints }: Service): string[] {
  return endpoints.map(({ port }) => `${name} ${port}`);
}

const registration = fc.record({
  at: fc.nat(3),
  service: fc.constantFrom(...SERVICES),
  port: fc.integer({ min: 1, max: 4 }),
});

test('mirrors in a circle, of any dialects, come to rest: what is mirrored is mirrored no further', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...dialects), { minLength: 2, maxLength: 4 }),
      fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { maxLength: 6 }),
      fc.array(fc.oneof(registration, fc.record({ ...{ at: fc.nat(3), gone: fc.nat() } })), {
        minLength: 1,
        maxLength: 10,
      }),
      (chosen, more, events) => {
        known.clear();
        const registries: Registry[] = chosen.map((dialect) => ({
          ...{ dialect, root: '/r', tree: new MemoryTree() },
          identifier: new Identifier(dialect, '/r'),
        }));
        // A circle, and whatever arrows more.
        const arrows = registries.map((_, i) => [i, (i + 1) % registries.length] as const);
        const all = [...arrows, ...more.map(([a, b]) => [a, b] as const)]
          .map(([a, b]) => [a % registries.length, b % registries.length] as const)
          .filter(([a, b]) => a !== b);
        const planes: Plane[] = all.map(([a, b], i) => ({
          ...{ from: registries[a]!, to: registries[b]!, session: BigInt(1000 + i) },
          target: new MirrorTarget(registries[b]!.dialect, '/r', { mesh: `m${i}`, rule: 'r' }),
        }));
        const originals = registries.map(() => new Map<string, Buffer>());
        let owner = 1n;
        for (const event of events) {
          const at = event.at % registries.length;
          const { dialect, tree } = registries[at]!;
          const mine = originals[at]!;
          if ('gone' in event) {
            const path = [...mine.keys()][event.gone % Math.max(1, mine.size)];
            if (path !== undefined) tree.delete(path);
            if (path !== undefined) mine.delete(path);
          } else {
            const { service, port } = event;
            const said =
              dialect.name === 'curator'
                ? {}
                : ({ protocol: 'dubbo', metadata: { protocol: 'dubbo' } } as const);
            const [entry] = dialect.encode(
              '/r',
              { service, address: '10.0.0.1', port, ...said },
              1_600_000_000_000 + port,
            );
            if (tree.nodes.has(entry!.path)) continue;
            const { path, data } = tree.create(entry!, owner++);
            mine.set(path, data);
          }
          // They take turns until none has anything to do.
          let rounds = 0;
          while (planes.reduce((steps, plane) => steps + round(plane), 0) > 0)
            assert.ok(++rounds <= 4, 'it comes to rest');
        }
        for (const [i, { tree, identifier }] of registries.entries()) {
          const mirrored = new Set(tree.mirrored(identifier));
          const others = [...tree.nodes.keys()].filter((path) => !mirrored.has(path));
          assert.deepEqual(others.toSorted(), [...originals[i]!.keys()].toSorted());
          for (const [path, data] of originals[i]!)
            assert.ok(tree.nodes.get(path)?.data.equals(data), 'originals are untouched');
          // At most one of each instance that a neighbour has, and none that it has itself.
          const keys = [...mirrored].map((path) => identifier.identify(tree.nodes.get(path)!)?.key);
          assert.equal(new Set(keys).size, keys.length);
          const own = others.map((path) => identifier.identify(tree.nodes.get(path)!)?.key);
          for (const key of own) assert.ok(!keys.includes(key), 'the original is enough');
          const from = all.filter(([, to]) => to === i).map(([a]) => a);
          const neighbours = new Set(
            from.flatMap((a) => read(registries[a]!, 'r').flatMap(offers)),
          );
          const here = new Set(
            [...keys, ...own].flatMap((key) => {
              const [directory, , port] = JSON.parse(key!);
              return SERVICES.filter((name) => directory.includes(name)).map(
                (name) => `${name} ${port}`,
              );
            }),
          );
          assert.ok(mirrored.size <= neighbours.size, `${mirrored.size} of ${neighbours.size}`);
          assert.deepEqual(neighbours.difference(here), new Set(), 'all of it is mirrored');
        }
      },
    ),
    { numRuns: 300 },
  );
});
