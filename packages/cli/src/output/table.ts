import { stripVTControlCharacters, styleText } from 'node:util';

/** Rows of text under headings. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Columns as wide as their widest cell, two spaces apart. What a registry says can't move the cursor. */
export function formatTable({ head, rows }: Table): string {
  const lines = [head, ...rows].map((row) => row.map(clean));
  const widths = head.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  const [headings, ...body] = lines.map((line) =>
    line
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [styleText('bold', headings ?? ''), ...body].join('\n');
}

/** Text without terminal escapes and control characters: what others wrote can't move the cursor. */
export function clean(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it removes
  return stripVTControlCharacters(text).replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}
