import { duplicateAddresses, duplicateIds } from './duplicates.ts';
import { emptyDirectories } from './empty-directories.ts';
import type { Finding } from './finding.ts';
import { names } from './names.ts';
import { orphans } from './orphans.ts';
import { problems } from './problems.ts';
import { type LintedRegistry, readRegistry } from './read-registry.ts';
import type { RegistryRead } from './registry-read.ts';
import { MAX_BUFFER, sizes } from './sizes.ts';

/** How registries are looked at. */
export interface LintOptions {
  readonly signal?: AbortSignal;
  /** The ensemble's `jute.maxbuffer`, in bytes. Default: ZooKeeper's, 1,048,575. */
  readonly maxBuffer?: number;
}

/** What was looked at, and what was found. */
export interface LintReport {
  readonly registries: readonly {
    readonly name: string;
    readonly dialect: string;
    readonly root: string;
    readonly znodes: number;
    readonly instances: number;
  }[];
  /** Errors first, then by registry and path. */
  readonly findings: readonly Finding[];
}

/** Reads registries once, and says what in them is to be set right. Changes nothing. */
export async function lint(
  registries: readonly LintedRegistry[],
  { signal = new AbortController().signal, maxBuffer }: LintOptions = {},
): Promise<LintReport> {
  const reads: RegistryRead[] = [];
  for (const registry of registries) reads.push(await readRegistry(registry, signal));
  return {
    registries: reads.map((read) => ({
      ...{ name: read.name, dialect: read.dialect.name, root: read.root },
      ...{ znodes: read.nodes.size, instances: countOf(read) },
    })),
    findings: findingsOf(reads, maxBuffer),
  };
}

/** How many znodes are instances, by themselves or with what stands elsewhere. */
function countOf({ instances, reading }: RegistryRead): number {
  const paths = new Set(instances.map(({ path }) => path));
  for (const name of reading.names)
    for (const { origin } of reading.service(name)?.endpoints ?? []) paths.add(origin.path);
  return paths.size;
}

/** What is wrong with what was read. Pure. */
export function findingsOf(reads: readonly RegistryRead[], maxBuffer = MAX_BUFFER): Finding[] {
  const findings: Finding[] = [...duplicateIds(reads), ...names(reads)];
  for (const read of reads)
    findings.push(
      ...problems(read),
      ...duplicateAddresses(read),
      ...orphans(read),
      ...emptyDirectories(read),
      ...sizes(read, maxBuffer),
    );
  // Registries may share a tree: what is wrong with a znode is said once.
  const once = new Map(findings.map((finding) => [keyOf(finding), finding]));
  return [...once.values()].sort((a, b) => {
    if (a.severity !== b.severity) return a.severity === 'error' ? -1 : 1;
    const [one, other] = [orderOf(a), orderOf(b)];
    return one === other ? 0 : one < other ? -1 : 1;
  });
}

function keyOf({ code, registry, path, service }: Finding): string {
  return path === undefined
    ? JSON.stringify([code, registry, service])
    : JSON.stringify([code, path]);
}

function orderOf({ registry, path, service, code }: Finding): string {
  return JSON.stringify([registry, path ?? service, code]);
}
