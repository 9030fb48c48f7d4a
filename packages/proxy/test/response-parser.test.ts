import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ResponseParser } from '../src/http1/response-parser.ts';

interface Heard {
  status?: number;
  fields?: readonly string[];
  body: string;
  trailers?: readonly string[];
  last: boolean;
}

/** What a parser says of these pieces; the rest is what it left over. */
function parse(pieces: readonly string[], options: { head?: boolean; eof?: boolean } = {}): Heard {
  const heard: Heard = { body: '', last: false };
  const parser = new ResponseParser(1024);
  const sink = {
    informational() {},
    head(head: { status: number; fields: readonly string[] }, last: boolean) {
      heard.status = head.status;
      heard.fields = head.fields;
      heard.last = last;
    },
    body(piece: Buffer, last: boolean) {
      assert(!heard.last, 'nothing comes after the last piece');
      heard.body += piece.toString('latin1');
      heard.last = last;
    },
    end(trailers: readonly string[]) {
      assert(!heard.last);
      heard.trailers = trailers;
      heard.last = true;
    },
  };
  parser.begin(sink, options.head === true);
  for (const piece of pieces) {
    const bytes = Buffer.from(piece, 'latin1');
    assert.equal(parser.push(bytes), bytes.length);
  }
  if (options.eof) parser.eof();
  return heard;
}

const VALID = [
  'HTTP/1.1 200 OK\r\nA: b \r\nContent-Length: 5\r\n\r\nhello',
  'HTTP/1.1 200\r\nTransfer-Encoding: CHUNKED\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n' +
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n' +
    '2;a="b"\r\nhe\r\n03\r\nllo\r\n000\r\nX-Sum: 1\r\nY:\r\n\r\n',
];

test('however a response is cut into pieces, it is read alike', () => {
  const cut = fc.tuple(fc.constantFrom(...VALID), fc.array(fc.nat(200), { maxLength: 8 }));
  fc.assert(
    fc.property(cut, ([text, places]) => {
      const at = [0, ...places.filter((place) => place < text.length), text.length];
      const sorted = [...new Set(at)].sort((a, b) => a - b);
      const pieces = sorted.slice(1).map((end, i) => text.slice(sorted[i], end));
      assert.deepEqual(normal(parse(pieces)), normal(parse([text])));
      assert.deepEqual(parse(pieces).body, 'hello');
    }),
  );
});

function normal({ status, fields, body, trailers, last }: Heard): unknown {
  return { status, fields, body, trailers, last };
}

test('trailers are handed out', () => {
  assert.deepEqual(parse([VALID[2]!]).trailers, ['X-Sum', '1', 'Y', '']);
});

test('without a length the body ends with the connection', () => {
  assert.equal(parse(['HTTP/1.0 200 OK\r\n\r\nab', 'c'], { eof: true }).body, 'abc');
});

test('HEAD, 204 and 304 end with their head', () => {
  assert(parse(['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'], { head: true }).last);
  assert(parse(['HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n']).last);
  assert(parse(['HTTP/1.1 204 No Content\r\n\r\n']).last);
});

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n';
const MALFORMED: Readonly<Record<string, string>> = {
  'no status line': 'hello\r\n\r\n',
  'another version': 'HTTP/2.0 200 OK\r\n\r\n',
  'a status of four digits': 'HTTP/1.1 2000 OK\r\n\r\n',
  'a lone line feed': 'HTTP/1.1 200 OK\nA: b\r\n\r\n',
  'a lone carriage return': 'HTTP/1.1 200 OK\r\nA: b\rC: d\r\n\r\n',
  'a NUL': 'HTTP/1.1 200 OK\r\nA: \0\r\n\r\n',
  'a folded line': 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n',
  'a blank before the colon': 'HTTP/1.1 200 OK\r\nA : b\r\n\r\n',
  'no colon': 'HTTP/1.1 200 OK\r\nA\r\n\r\n',
  'an empty name': 'HTTP/1.1 200 OK\r\n: b\r\n\r\n',
  'a negative length': 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n',
  'a list of lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n',
  'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n',
  'a length beside chunked': `${CHUNKED}Content-Length: 1\r\n\r\n`,
  'another coding': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
  'chunked in HTTP/1.0': 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
  'a chunk size with a sign': `${CHUNKED}\r\n+1\r\na\r\n`,
  'a chunk size in C': `${CHUNKED}\r\n0x1\r\na\r\n`,
  'a chunk size beyond numbers': `${CHUNKED}\r\nfffffffffffff\r\n`,
  'an empty chunk size': `${CHUNKED}\r\n\r\n`,
  'a chunk line without CR': `${CHUNKED}\r\n1\na\r\n`,
  'a chunk longer than its size': `${CHUNKED}\r\n1\r\nab\r\n`,
  'a malformed trailer': `${CHUNKED}\r\n0\r\nA b\r\n\r\n`,
  'a head without end': `HTTP/1.1 200 OK\r\nA: ${'a'.repeat(2000)}`,
  'a chunk line without end': `${CHUNKED}\r\n1;${'a'.repeat(2000)}`,
};

for (const [name, text] of Object.entries(MALFORMED)) {
  test(`refused: ${name}`, () => {
    assert.throws(() => parse([text]), { name: 'HttpSyntaxError' });
  });
}

test('no bytes make it throw anything but its own error', () => {
  const piece = fc.oneof(fc.constantFrom(...VALID, CHUNKED, '\r\n', '0', ':', ' '), fc.string());
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const parser = new ResponseParser(1024);
      parser.begin({ informational() {}, head() {}, body() {}, end() {} }, false);
      try {
        for (const each of pieces) parser.push(Buffer.from(each, 'latin1'));
      } catch (error) {
        assert(error instanceof Error && error.name === 'HttpSyntaxError', String(error));
      }
    }),
  );
});

test('an end within a response is an error', () => {
  for (const text of ['HTTP/1.1 2', `${VALID[0]}`.slice(0, -1), `${CHUNKED}\r\n5\r\nhel`]) {
    assert.throws(() => parse([text], { eof: true }), { name: 'HttpSyntaxError' });
  }
});
