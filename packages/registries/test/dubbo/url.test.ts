import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatUrl, parseUrl, withParameters } from '../../src/dubbo/url.ts';

describe('Dubbo URLs', () => {
  test('what a URL says', () => {
    assert.deepEqual(parseUrl('dubbo://me:secret@10.0.0.1:20880/com.foo.A?a=1&b=x=y&c&=d#e'), {
      protocol: 'dubbo',
      user: 'me:secret',
      host: '10.0.0.1',
      port: 20_880,
      path: 'com.foo.A',
      parameters: new Map([
        ['a', '1'],
        ['b', 'x=y'],
        ['c', ''],
        ['d#e', ''],
      ]),
    });
    assert.equal(parseUrl('rest://h:80/api/v1/com.foo.A')?.path, 'api/v1/com.foo.A');
    assert.equal(parseUrl('dubbo://h:1/A#frag?a=1')?.path, 'A');
  });

  test('hosts: IPv6 in brackets and without, none, no port', () => {
    const at = (text: string) => {
      const { host, port } = parseUrl(text) ?? {};
      return [host, port];
    };
    assert.deepEqual(at('dubbo://[fd00::1]:20880/A'), ['[fd00::1]', 20_880]);
    assert.deepEqual(at('dubbo://fd00:0:0:0:0:0:0:2:20880/A'), ['fd00:0:0:0:0:0:0:2', 20_880]);
    assert.deepEqual(at('consumer://10.0.0.1/A'), ['10.0.0.1', undefined]);
    assert.deepEqual(at('dubbo://h'), ['h', undefined]);
    assert.deepEqual(at('dubbo://h:999999/A'), ['h:999999', undefined]);
  });

  test('parameters end at ; too, and of two with one name the later counts', () => {
    const { parameters } = parseUrl('dubbo://h:1/A?a=1;b=2&a=3&&;') ?? {};
    assert.deepEqual(parameters, new Map(Object.entries({ a: '3', b: '2' })));
  });

  test('what older versions wrote for the whole provider', () => {
    const text = 'dubbo://h:1/A?default.timeout=5&default.retries=1&retries=0';
    const { parameters } = parseUrl(text) ?? {};
    assert.equal(parameters?.get('timeout'), '5');
    assert.equal(parameters?.get('retries'), '0');
    assert.equal(parseUrl(text, false)?.parameters.has('timeout'), false);
  });

  test('what is no URL', () => {
    for (const text of ['', 'a', '://h', '/a', 'dubbo:/h', '?a=1', 'a b', '\u0000'])
      assert.equal(parseUrl(text), undefined, text);
  });

  test('written as Dubbo sorts and trims', () => {
    const parameters = new Map(Object.entries({ b: ' 2 ', 'a.b': '1', a: '', A: '0' }));
    const url = { protocol: 'tri', host: '[::1]', port: 1, path: 'A', parameters };
    assert.equal(formatUrl(url), 'tri://[::1]:1/A?A=0&a=&a.b=1&b=2');
  });

  test('a changed parameter leaves all others as they are, to the letter', () => {
    const text = 'dubbo://h:1/A?z=1&percent=100%25 & =&b=2&c;d&b=3';
    const change = (changes: Record<string, string | undefined>) =>
      withParameters(text, new Map(Object.entries(changes)));
    assert.equal(change({ b: '4' }), 'dubbo://h:1/A?z=1&percent=100%25 & =&b=4&c;d');
    assert.equal(change({ b: undefined }), 'dubbo://h:1/A?z=1&percent=100%25 & =&c;d');
    assert.equal(change({ none: undefined }), text);
    assert.equal(withParameters('a://h/A', new Map([['k', 'v']])), 'a://h/A?k=v');
    assert.equal(withParameters('a://h/A?a=1&c=1', new Map([['b', 'v']])), 'a://h/A?a=1&b=v&c=1');
    assert.equal(withParameters('a://h/A?k=v', new Map([['k', undefined]])), 'a://h/A');
  });

  test('any parameters come back', () => {
    const text = fc.string({ unit: 'binary' }).map((value) => value.replace(/[&;=]/g, '').trim());
    const entries = fc.array(
      fc.tuple(
        text.filter((name) => name !== ''),
        text,
      ),
    );
    const check = fc.property(entries, (list) => {
      const parameters = new Map(list);
      const url = { protocol: 'dubbo', host: 'h', port: 1, path: 'p', parameters };
      const written = formatUrl(url);
      assert.deepEqual(parseUrl(written, false), url);
      const same = withParameters('dubbo://h:1/p', parameters);
      assert.deepEqual(parseUrl(same, false), url);
    });
    fc.assert(check, { numRuns: 300, seed: 1 });
  });
});
