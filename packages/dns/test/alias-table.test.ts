import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aliases, plainAlias } from '@meshkeeper/mesh';
import fc from 'fast-check';
import { AliasTable } from '../src/zone/alias-table.ts';

test('kept up name by name, aliases are those of all names at once', () => {
  const name = fc.constantFrom('a', 'A', 'a/b', 'a:b', 'a-b', 'a.b', 'A.b', 'b', 'x.a.b');
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), name)), (steps) => {
      const table = new AliasTable();
      const present = new Set<string>();
      for (const [adds, each] of steps) {
        if (adds) {
          present.add(each);
          table.add(each);
        } else {
          present.delete(each);
          table.remove(each);
        }
      }
      const expected = aliases(present);
      for (const [each, alias] of expected) {
        assert.equal(table.aliasOf(each), alias);
        assert.equal(table.owner(alias), each);
        const dot = alias.indexOf('.');
        if (dot !== -1) assert(table.isInner(alias.slice(dot + 1)));
      }
      const all = [...expected.values()];
      for (const plain of ['a', 'a-b', 'a.b', 'b', 'x.a.b'].map(plainAlias)) {
        if (!all.includes(plain)) assert.equal(table.owner(plain), undefined);
        assert.equal(
          table.isInner(plain),
          all.some((alias) => alias.endsWith(`.${plain}`)),
        );
      }
    }),
  );
});
