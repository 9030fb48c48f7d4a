import { formatTable, type Table } from './table.ts';

/** What data can be printed as. */
export const OUTPUTS = ['table', 'json', 'yaml'] as const;
export type Output = (typeof OUTPUTS)[number];

/** What data is printed as: a table on a terminal, JSON elsewhere, unless something else was asked for. */
export function formatOf(output: Output | undefined): Output {
  return output ?? (process.stdout.isTTY ? 'table' : 'json');
}

/**
 * Prints data on standard output: as a table on a terminal, as JSON elsewhere, unless a format was
 * asked for. `table` makes the table of the data, for people.
 */
export async function print<T>(
  data: T,
  output: Output | undefined,
  table: (data: T) => Table | string,
): Promise<void> {
  process.stdout.write(`${await render(data, formatOf(output), table)}\n`);
}

async function render<T>(
  data: T,
  format: Output,
  table: (data: T) => Table | string,
): Promise<string> {
  switch (format) {
    case 'json':
      return JSON.stringify(data, undefined, 2);
    case 'yaml': {
      const { stringify } = await import('yaml');
      return stringify(JSON.parse(JSON.stringify(data))).trimEnd();
    }
    case 'table': {
      const made = table(data);
      return typeof made === 'string' ? made : formatTable(made);
    }
  }
}
