import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  type Component,
  type ComponentName,
  component,
  failureFile,
  installDir,
  overrideVariable,
} from '../component.ts';
import { withLock } from './lock.ts';
import { recipes } from './recipes.ts';

/** What {@link install} needs to know. */
export interface InstallOptions {
  /** The folder that holds all installations. */
  cache: string;
  /** Told about what takes time. */
  log: (line: string) => void;
  signal?: AbortSignal | undefined;
}

/**
 * Makes sure that a component is there, and tells where, or why not. Processes that install the
 * same component at the same time wait for the first one. The reason for a failure is kept for
 * {@link component}; the next call tries again.
 */
export async function install(name: ComponentName, options: InstallOptions): Promise<Component> {
  const { cache, log, signal } = options;
  const dir = installDir(name, cache);
  if (process.env[overrideVariable(name)] || existsSync(dir)) return component(name, cache);
  await mkdir(cache, { recursive: true });
  return await withLock(
    join(cache, `${name}.lock`),
    async () => {
      if (existsSync(dir)) return component(name, cache);
      const started = performance.now();
      log(`${basename(dir)}: installing`);
      const staging = `${dir}.${process.pid}.partial`;
      try {
        await recipes[name].install(staging, { signal });
        await rename(staging, dir).catch((error: unknown) => {
          // Somebody else put it there first: theirs is as good as ours.
          if (!existsSync(dir)) throw error;
        });
      } catch (error) {
        signal?.throwIfAborted();
        const reason = error instanceof Error ? error.message : String(error);
        const hint = `it needs ${recipes[name].needs}; or point ${overrideVariable(name)} to an own installation`;
        await writeFile(failureFile(name, cache), JSON.stringify({ reason, hint }));
        log(`${basename(dir)}: not installed: ${reason}`);
        return { ok: false, reason, hint };
      } finally {
        await rm(staging, { recursive: true, force: true });
      }
      await rm(failureFile(name, cache), { force: true });
      await prune(name, cache, basename(dir));
      log(`${basename(dir)}: installed in ${((performance.now() - started) / 1000).toFixed(1)} s`);
      return component(name, cache);
    },
    { signal },
  );
}

/** Removes a component's installations other than `keep`, and what was left of interrupted ones. */
async function prune(name: ComponentName, cache: string, keep: string): Promise<void> {
  for (const entry of await readdir(cache)) {
    if (!entry.startsWith(`${name}-`) || entry === keep) continue;
    await rm(join(cache, entry), { recursive: true, force: true });
  }
}
