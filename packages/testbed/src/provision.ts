import { pathToFileURL } from 'node:url';
import {
  type Component,
  type ComponentName,
  cacheDir,
  componentNames,
  javaFiles,
} from './component.ts';
import { install } from './install/install.ts';

/** What {@link provision} installs, and where. */
export interface ProvisionOptions {
  /** Default: all. */
  components?: readonly ComponentName[] | undefined;
  /** Default: `.cache/testbed` of the checkout. */
  cache?: string | undefined;
  /** Told about progress, a line at a time. Default: nobody. */
  log?: ((line: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** The outcome of {@link provision}, one entry a component. */
export type Provisioned = ReadonlyMap<ComponentName, Component>;

/**
 * Installs the components that are not there yet. It never throws for a component that cannot be
 * had: the result tells the reason.
 */
export async function provision(options: ProvisionOptions = {}): Promise<Provisioned> {
  const { components = componentNames, cache = cacheDir, log = () => {}, signal } = options;
  const result = new Map<ComponentName, Component>();
  const one = async (name: ComponentName) => {
    result.set(name, await install(name, { cache, log, signal }));
  };
  // All Maven builds fill the same local repository, which Maven does not guard: one by one.
  const usesMaven = (name: ComponentName) =>
    name.endsWith('zookeeper') || javaFiles(name).length > 0;
  const maven = async () => {
    for (const name of components.filter(usesMaven)) await one(name);
  };
  await Promise.all([maven(), ...components.filter((name) => !usesMaven(name)).map(one)]);
  return result;
}

async function main(): Promise<void> {
  const log = (line: string) => process.stderr.write(`testbed: ${line}\n`);
  const result = await provision({ log });
  const missing = [...result].flatMap(([name, found]) => (found.ok ? [] : [{ name, ...found }]));
  for (const { name, hint } of missing) log(`no ${name}, its tests are skipped: ${hint}`);
  if (missing.length === 0) log(`${[...result.keys()].join(', ')} are ready`);
  else if (process.env.CI === 'true') {
    log(`failed, since CI=true: ${missing.map(({ name }) => name).join(', ')} missing`);
    process.exitCode = 1;
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main();
