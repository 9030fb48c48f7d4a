import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { formatTable, shortened, type Table, widthOf } from '../src/output/table.ts';

const TABLE: Table = {
  head: ['ID', 'ADDRESS', 'HEALTH', 'ZNODE'],
  rows: [
    [
      'orders-1',
      '10.0.0.1:8080',
      'healthy',
      '/services/orders/0b2ad6a2-a-very-long-name-of-a-znode',
    ],
    ['注文サービス', '10.0.0.2:8080', 'healthy', '/services/orders/2'],
  ],
  least: ['ZNODE'],
};

const linesOf = (table: Table, room: number) =>
  stripVTControlCharacters(formatTable(table, room)).split('\n');

describe('a table', () => {
  test('is as wide as it is where nobody looks', () => {
    const lines = linesOf(TABLE, Number.POSITIVE_INFINITY);
    assert.match(lines[1]!, /a-very-long-name-of-a-znode$/);
  });

  for (const room of [200, 100, 80, 60, 45, 40])
    test(`fits ${room} columns, and what matters stays`, () => {
      const lines = linesOf(TABLE, room);
      for (const line of lines) assert.ok(widthOf(line) <= room, `${widthOf(line)}: ${line}`);
      if (room >= 49) assert.match(lines[1]!, /^orders-1 +10\.0\.0\.1:8080 +healthy/);
      if (room <= 60) assert.match(lines[1]!, /…$/);
    });

  test('wide characters take two columns, so that the next ones stand below each other', () => {
    const [head, , wide] = linesOf(TABLE, 80);
    const before = wide!.slice(0, wide!.indexOf('10.0.0.2'));
    assert.equal(widthOf(before), head!.indexOf('ADDRESS'));
    assert.equal(shortened('注文サービス', 6), '注文…');
    assert.equal(shortened('orders', 6), 'orders');
  });

  test('what others wrote moves no cursor', () => {
    const text = formatTable({ head: ['A'], rows: [['\u001b[2Jx\u0007\n']] });
    assert.equal(text.split('\n')[1], 'x??');
  });
});
