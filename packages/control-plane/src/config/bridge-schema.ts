import { z } from 'zod';
import { DESTINATION_KINDS, SOURCE_KINDS } from '../plugins/built-in.ts';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const name = z.string().regex(NAME, 'letters, digits, ".", "_" and "-", at most 63');
const builtIn = (kinds: ReadonlyMap<string, unknown>) =>
  [...kinds.keys(), 'a kind of one of the plug-ins'].join(', ');

/** What every source says; what else is its kind's. */
const sourceSettings = {
  name: name.describe(
    'Unique among sources and registries; shown wherever an endpoint comes from.',
  ),
  kind: z
    .string()
    .min(1)
    .describe(`What is read: ${builtIn(SOURCE_KINDS)}.`),
  locality: z
    .strictObject({
      region: z.string().default(''),
      zone: z.string().default(''),
      subzone: z.string().default(''),
    })
    .optional()
    .describe('Where its endpoints run, unless they say so themselves.'),
  priority: z.int().default(0).describe('As of `registries`, which come first where it is equal.'),
  prefix: z.string().default('').describe('Put before the name of each service.'),
};

const sourceSchema = z
  .looseObject(sourceSettings)
  .transform(({ name, kind, locality, priority, prefix, ...settings }) => ({
    ...{ name, kind, locality, priority, prefix, settings },
  }));

/** What every destination says; what else is its kind's. */
const destinationSettings = {
  name: name.describe('Unique among destinations; what is written there is marked with it.'),
  kind: z
    .string()
    .min(1)
    .describe(`Where it is brought: ${builtIn(DESTINATION_KINDS)}.`),
  from: z
    .strictObject({
      registry: z
        .string()
        .min(1)
        .optional()
        .describe(
          'Only what this registry or source has. Default: the catalog, but for what sources of the same kind have.',
        ),
      services: z
        .array(z.string().min(1))
        .min(1, 'name at least one, or leave it out')
        .default(['*'])
        .describe('Names of services; `*` stands for any characters, `?` for one.'),
    })
    .prefault({}),
};

const destinationSchema = z
  .looseObject(destinationSettings)
  .transform(({ name, kind, from, ...settings }) => ({ name, kind, from, settings }));

/** The settings that are not a kind's own. */
export const SOURCE_KEYS: readonly string[] = Object.keys(sourceSettings);
export const DESTINATION_KEYS: readonly string[] = Object.keys(destinationSettings);

/** `sources:`. */
export const sourcesSchema = z
  .array(sourceSchema)
  .default([])
  .describe('What else the catalog reads, besides the registries in ZooKeeper.');

/** `destinations:`. */
export const destinationsSchema = z
  .array(destinationSchema)
  .default([])
  .describe('Where else services are brought, besides data planes, DNS and mirrors.');

/** An entry of `sources:`. */
export type SourceConfig = z.output<typeof sourcesSchema>[number];
/** An entry of `destinations:`. */
export type DestinationConfig = z.output<typeof destinationsSchema>[number];

/**
 * Names that are taken, kinds that nobody brings and registries that there aren't are errors where
 * they are written. What it is given may be anything.
 */
export function checkBridges(config: unknown, context: z.RefinementCtx): void {
  const { data } = loose.safeParse(config);
  if (data === undefined) return;
  const { registries, sources, destinations, mirror, plugins } = data;
  const error = (path: readonly (string | number)[], message: string) =>
    context.addIssue({ code: 'custom', path: [...path], message });
  const taken = new Set(registries.map((each) => each.name));
  sources.forEach(({ name, kind }, index) => {
    if (taken.has(name))
      error(
        ['sources', index, 'name'],
        `"${name}" names two of the registries and sources: each needs a name of its own`,
      );
    taken.add(name);
    checkKind(kind, SOURCE_KINDS, ['sources', index, 'kind']);
  });
  const there = new Set([...RESERVED, ...mirror.map((each) => each.name ?? '')]);
  destinations.forEach(({ name, kind, from }, index) => {
    if (there.has(name))
      error(
        ['destinations', index, 'name'],
        `"${name}" names two of the destinations and mirrors: each needs a name of its own`,
      );
    there.add(name);
    checkKind(kind, DESTINATION_KINDS, ['destinations', index, 'kind']);
    if (from?.registry !== undefined && !taken.has(from.registry))
      error(
        ['destinations', index, 'from', 'registry'],
        `there is no registry or source "${from.registry}": write ${[...taken].join(', ')}`,
      );
  });

  function checkKind(
    kind: string,
    kinds: ReadonlyMap<string, unknown>,
    path: readonly (string | number)[],
  ): void {
    // What plug-ins bring is known when they are loaded.
    if (kinds.has(kind) || plugins.length > 0) return;
    error(
      path,
      `"${kind}" is nothing that is built in: write ${[...kinds.keys()].join(', ')}, or name the plug-in that brings it under "plugins:"`,
    );
  }
}

/** What is always there. */
const RESERVED = ['xds', 'dns'];

const entry = { name: z.string(), kind: z.string() };
const loose = z.object({
  registries: z.array(z.object({ name: z.string() })),
  sources: z.array(z.object(entry)),
  destinations: z.array(
    z.object({ ...entry, from: z.object({ registry: z.string().optional() }).optional() }),
  ),
  mirror: z.array(z.object({ name: z.string().optional() })),
  plugins: z.array(z.string()),
});
