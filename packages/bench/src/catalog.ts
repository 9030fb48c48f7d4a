import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench } from './bench.ts';

const FOLDER = join(import.meta.dirname, 'benches');

/** The names of all benches: the files of `benches/`. */
export async function benchNames(): Promise<string[]> {
  const files = await readdir(FOLDER);
  return files
    .filter((file) => /^[^.]+\.ts$/.test(file))
    .map((file) => file.slice(0, -3))
    .sort();
}

/** The bench of that name, which must be in {@link benchNames}. */
export async function loadBench(name: string): Promise<Bench> {
  // Every file of the folder has a bench as its default export.
  const module = (await import(join(FOLDER, `${name}.ts`))) as { readonly default: Bench };
  return module.default;
}
