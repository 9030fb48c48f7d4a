import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { tempDir } from '@meshkeeper/testbed';

const SLICES = 10_000;
const ENDPOINTS = 100;
const LIMIT = 300 * 1_000_000;
const IMAGE = readFileSync(join(import.meta.dirname, '../../../../deploy/Dockerfile'), 'utf8');
/** What the image runs Node with, and nothing else. */
const FLAGS = /^ENV .*NODE_OPTIONS=(\S+)$/m.exec(IMAGE)?.[1] ?? assert.fail('it has none');

/** A page of slices, as an API server would answer it: what a stand-in would hold is made as it is asked. */
function page(from: number, count: number): string {
  const items: string[] = [];
  for (let i = from; i < from + count; i++)
    items.push(SLICE.replaceAll('<net>', `${i >> 8}.${i & 255}`).replaceAll('<n>', String(i)));
  const next = from + count;
  const more = next < SLICES ? `,"continue":"${next}","remainingItemCount":${SLICES - next}` : '';
  return `{"kind":"EndpointSliceList","metadata":{"resourceVersion":"1"${more}},"items":[${items}]}`;
}

/** `<n>` is its number, `<net>` its part of the addresses. */
function template(): object {
  const service = 'service-<n>';
  return {
    metadata: {
      ...{ name: `${service}-x7k2p`, namespace: 'shop', resourceVersion: '<n>' },
      ...{ uid: '3f0c8a52-0000-4000-8000-000000000000', generation: 7 },
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: {
        'kubernetes.io/service-name': service,
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      },
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: Array.from({ length: ENDPOINTS }, (_, i) => ({
      addresses: [`10.<net>.${i}`],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: `ip-10-0-${i}-17.eu-central-1.compute.internal`,
      zone: 'eu-central-1a',
      targetRef: { kind: 'Pod', namespace: 'shop', name: `${service}-7d9f8b6c5-${i}`, uid: 'x' },
    })),
  };
}

const SLICE = JSON.stringify(template());

test('10,000 slices of 100 endpoints are held in less than 300 MB', async () => {
  await using folder = await tempDir();
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    response.setHeader('content-type', 'application/json');
    if (searchParams.get('watch') === 'true') return void response.flushHeaders();
    if (!pathname.endsWith('/endpointslices'))
      return void response.end('{"metadata":{},"items":[]}');
    const limit = Number(searchParams.get('limit') ?? SLICES);
    response.end(page(Number(searchParams.get('continue') ?? 0), limit));
  });
  server.unref().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const kubeconfig = join(folder.path, 'config');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: 'u', user: { token: 't' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  const program = join(import.meta.dirname, 'hold-slices.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...['--conditions=source', FLAGS, program, kubeconfig],
  ]);
  server.close();
  server.closeAllConnections();
  const { rss, most, objects, before } = JSON.parse(stdout);
  assert.equal(objects, SLICES);
  const told = `${before / 1e6} MB before, ${rss / 1e6} MB after, ${most / 1e6} MB at most`;
  assert.ok(most < LIMIT, told);
});
