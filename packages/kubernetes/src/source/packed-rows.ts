const FIELD = '\t';
const LINE = '\n';

/**
 * Rows of texts as one text. Texts of a column are much alike in an EndpointSlice: what all begin and end
 * with is kept once. None may hold a tab or a line's end, and none of Kubernetes' names does.
 */
export function packRows(rows: readonly (readonly string[])[]): string {
  const [first] = rows;
  if (first === undefined) return '';
  const starts = first.map((text, column) => commonStart(text, rows, column));
  const ends = first.map((text, column) =>
    commonEnd(text.slice(starts[column]!.length), rows, column, starts[column]!.length),
  );
  const middles = rows.map((row) =>
    row
      .map((text, column) => text.slice(starts[column]!.length, text.length - ends[column]!.length))
      .join(FIELD),
  );
  return [starts.join(FIELD), ends.join(FIELD), ...middles].join(LINE);
}

/** The rows again. */
export function unpackRows(packed: string): string[][] {
  if (packed === '') return [];
  const [starts, ends, ...rows] = packed.split(LINE).map((line) => line.split(FIELD));
  return rows.map((row) => row.map((text, column) => starts![column]! + text + ends![column]!));
}

function commonStart(text: string, rows: readonly (readonly string[])[], column: number): string {
  let length = text.length;
  for (const row of rows) {
    const other = row[column]!;
    let same = 0;
    while (same < length && other.charCodeAt(same) === text.charCodeAt(same)) same += 1;
    length = same;
  }
  return text.slice(0, length);
}

/** Of what is left after `start` characters. */
function commonEnd(
  text: string,
  rows: readonly (readonly string[])[],
  column: number,
  start: number,
): string {
  let length = text.length;
  for (const row of rows) {
    const other = row[column]!;
    const most = Math.min(length, other.length - start);
    let same = 0;
    while (same < most && other.at(-1 - same) === text.at(-1 - same)) same += 1;
    length = same;
  }
  return text.slice(text.length - length);
}
