import { ApiClient } from './api-client.ts';
import { follow } from './follow.ts';
import type { GlobalOptions } from './global-options.ts';
import { print } from './output/format.ts';
import { clean, formatTable, type Table } from './output/table.ts';

/** What a command takes that can follow. */
export interface WatchFlags {
  readonly watch?: boolean;
}

/** The option of it. */
export const WATCH = [
  '--watch',
  'follow: drawn anew on a terminal, otherwise a line of JSON a change',
] as const;

/** Prints what a path says, or follows it; gives what was printed. */
export async function show<T>(
  path: string,
  { watch, ...options }: WatchFlags & GlobalOptions,
  { table, rows }: Listed<T>,
): Promise<T | undefined> {
  const api = new ApiClient(options);
  const { output } = options;
  if (!watch) {
    const data = await api.get<T>(path);
    await print(data, output, table);
    return data;
  }
  await follow<T>((signal) => api.states(path, signal), {
    output,
    text: (data) => {
      const made = table(data);
      return typeof made === 'string' ? made : formatTable(made);
    },
    lines: (before, after) => changedLines(before && rows(before), rows(after)),
  });
  return undefined;
}

/** How a list is shown. */
export interface Listed<T> {
  readonly table: (data: T) => Table | string;
  /** A line for each of its members, by name. */
  readonly rows: (data: T) => ReadonlyMap<string, string>;
}

/** What joined, left or changed, a line each. */
function changedLines(
  before: ReadonlyMap<string, string> | undefined,
  after: ReadonlyMap<string, string>,
): string[] {
  const gone = [...(before?.keys() ?? [])].filter((name) => !after.has(name));
  const other = [...after].filter(([name, line]) => before?.get(name) !== line);
  return [
    ...gone.map((name) => `- ${name}`),
    ...other.map(([name, line]) => `${before?.has(name) ? '~' : '+'} ${name} ${line}`),
  ].map(clean);
}
