import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDirectives, quoted } from '../../src/sasl/digest-challenge.ts';
import { answerChallenge } from '../../src/sasl/digest-md5.ts';

const rfc = {
  username: 'chris',
  password: 'secret',
  digestUri: 'imap/elwood.innosoft.com',
  cnonce: 'OA6MHXh6VqTrRk',
};

test("RFC 2831's own exchange", () => {
  const challenge =
    'realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",qop="auth",algorithm=md5-sess,charset=utf-8';
  const { response, isProof } = answerChallenge(challenge, rfc);
  const told = parseDirectives(response);
  assert.equal(told.get('response'), 'd388dad90d4bbd760a152321f2143af7');
  assert.equal(told.get('nc'), '00000001');
  assert.equal(isProof('rspauth=ea40f60335c427b5527b84dbabcdfffd'), true);
  assert.equal(isProof('rspauth=ea40f60335c427b5527b84dbabcdfffe'), false);
  assert.equal(isProof(''), false);
});

test('quotes and backslashes survive', () => {
  const value = 'a"b\\c, d=e';
  assert.equal(parseDirectives(`realm=${quoted(value)} , qop=auth`).get('realm'), value);
  assert.throws(() => parseDirectives('realm="open'), /is no DIGEST-MD5 message/);
});

test('a challenge that can not be answered says why', () => {
  assert.throws(() => answerChallenge('realm="x"', rfc), /no DIGEST-MD5 challenge/);
  assert.throws(() => answerChallenge('nonce="x",qop="auth-conf"', rfc), /qop auth-conf/);
});
