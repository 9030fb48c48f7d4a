import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { environmentOf, QuietPeriod, variableName } from '../../src/index.ts';

test('names of variables are by the rule of Spring', () => {
  assert.equal(variableName('server.max-connections'), 'SERVER_MAXCONNECTIONS');
  assert.equal(variableName('my.service[0].other'), 'MY_SERVICE_0_OTHER');
  assert.equal(variableName('logging/level:web'), 'LOGGING_LEVEL_WEB');
  assert.equal(variableName('2fa'), '_2FA');
  assert.equal(variableName('2fa', 'APP_'), 'APP_2FA');
  assert.equal(variableName('--'), '_');
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (key) =>
      assert.match(variableName(key), /^[A-Z_][A-Z0-9_]*$/),
    ),
  );
});

test('of one name the stronger namespace counts; in one namespace it is a fault', () => {
  const own = { application: 'shop', namespace: 'default', release: 1 };
  const shared = { application: 'application', namespace: 'default', release: 1 };
  const entry = (value: string, from = own) => ({ type: 'text' as const, value, from });
  const layers = [own, shared];
  const made = environmentOf({
    layers,
    values: {
      'a-b': entry('shared', shared),
      ab: entry('own'),
      'x.y': entry('1'),
      x_y: entry('2'),
    },
  });
  assert.deepEqual(
    [...made.variables],
    [
      ['AB', 'own'],
      ['X_Y', '1'],
    ],
  );
  assert.deepEqual(made.faults, [
    { key: 'x_y', message: 'is X_Y in the environment, and so is x.y' },
  ]);
});

test('what no environment may have is not given', () => {
  const from = { application: 'shop', namespace: 'default', release: 1 };
  const entry = (value: string) => ({ type: 'text' as const, value, from });
  const values = {
    'ld.preload': entry('/evil.so'),
    nul: entry('a\0b'),
    password: { type: 'secret' as const, from },
    ok: entry('line\nline'),
  };
  const made = environmentOf({ layers: [from], values });
  assert.deepEqual([...made.variables], [['OK', 'line\nline']]);
  assert.deepEqual(made.refused, [{ name: 'LD_PRELOAD', key: 'ld.preload' }]);
  assert.deepEqual(made.hidden, ['password']);
  assert.deepEqual(
    made.faults.map(({ key }) => key),
    ['nul'],
  );
  assert.equal(
    environmentOf({ layers: [from], values }, 'APP_').variables.get('APP_LD_PRELOAD'),
    '/evil.so',
  );
});

test('a quiet period is over when nothing has changed for long enough, or at last', () => {
  const quiet = new QuietPeriod({ min: 10, max: 25 });
  assert.equal(quiet.due, undefined);
  quiet.changed(100);
  assert.equal(quiet.due, 110);
  quiet.changed(108);
  assert.equal(quiet.due, 118);
  quiet.changed(117);
  assert.equal(quiet.due, 125);
  quiet.over();
  assert.equal(quiet.due, undefined);
  quiet.changed(200);
  assert.equal(quiet.due, 210);
});
