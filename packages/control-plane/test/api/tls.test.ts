import assert from 'node:assert/strict';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { certificate, tempDir, until } from '@meshkeeper/testbed';
import { startApiPlane } from './plane.ts';

test('the API over TLS; a certificate that is renewed is used at once, a broken one never', async () => {
  await using folder = await tempDir();
  const hosts = ['localhost', '127.0.0.1'];
  const [first, second] = [
    await certificate(folder.path, 'first', { hosts }),
    await certificate(folder.path, 'second', { hosts }),
  ];
  const used = { certificate: join(folder.path, 'tls.crt'), key: join(folder.path, 'tls.key') };
  const use = async ({ cert, key }: typeof first) => {
    await copyFile(key, used.key);
    await copyFile(cert, used.certificate);
  };
  await use(first);
  await using api = await startApiPlane({ tls: used });
  assert.match(api.plane.api, /^https:\/\/127\.0\.0\.1:\d+$/);
  const port = Number(new URL(api.plane.api).port);
  /** What it answers to who trusts that authority alone. */
  const ask = async ({ cert }: typeof first) => {
    const ca = await readFile(cert);
    return new Promise<string>((resolve) => {
      const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca }, () =>
        socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'),
      );
      let text = '';
      socket.on('data', (data) => (text += data));
      socket.on('error', (error) => resolve(error.message));
      socket.on('end', () => resolve(text));
    });
  };
  assert.match(await ask(first), /^HTTP\/1\.1 200 /);
  await use(second);
  await until(async () => /^HTTP\/1\.1 200 /.test(await ask(second)));
  await writeFile(used.certificate, 'nonsense');
  await use(first);
  await until(async () => /^HTTP\/1\.1 200 /.test(await ask(first)));
  await assert.rejects(
    startApiPlane({ tls: { certificate: used.certificate, key: join(folder.path, 'none') } }),
    /can't be used/,
  );
});
