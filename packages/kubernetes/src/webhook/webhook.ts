import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { ApiClient } from '../api/api-client.ts';
import { LeaseElection, type Reign } from '../leader/lease-election.ts';
import type { Logger } from '../logger.ts';
import { review } from './review.ts';
import type { Lifetimes } from './rotation.ts';
import { keepServing, readServing, type ServingPlace } from './serving-keeper.ts';
import type { SidecarTemplate } from './sidecar-container.ts';

/** What a webhook takes. */
export interface WebhookOptions {
  readonly client: ApiClient;
  /** Where its Service, its Secret and its Lease are. */
  readonly namespace: string;
  /** Name of its Service, and of its Secret, its Lease and its MutatingWebhookConfiguration. */
  readonly name: string;
  /** Unique among the replicas. */
  readonly identity: string;
  /** Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly sidecar: SidecarTemplate;
  readonly logger: Logger;
  /** Between two looks at the certificate, in milliseconds. Default 10,000. */
  readonly interval?: number;
  readonly lifetimes?: Lifetimes;
}

/** A running webhook. */
export interface Webhook extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** True as soon as there is something to serve with. */
  readonly ready: boolean;
  /** Ends it: what it is answering is answered. Idempotent. */
  close(): Promise<void>;
}

/** What a review may take. */
const MOST = 8 * 1024 * 1024;
/** Between two looks before there is a certificate, in milliseconds. */
const SOON = 200;

/**
 * Starts the webhook that injects sidecars: `POST /mutate`, and `/healthz` and `/readyz`. The replicas
 * share one certificate, which the one that leads by the Lease makes and renews.
 */
export async function startWebhook(options: WebhookOptions): Promise<Webhook> {
  const {
    client,
    namespace,
    name,
    listen,
    sidecar,
    logger,
    lifetimes,
    interval = 10_000,
  } = options;
  const place: ServingPlace = {
    ...{ client, namespace, secret: name, configuration: name },
    names: [`${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`],
    ...(lifetimes && { lifetimes }),
  };
  const stop = new AbortController();
  let serving: string | undefined;
  const server = createServer((request, response) => {
    answer(request, response, sidecar, () => serving !== undefined).catch((err) => {
      logger.warn({ err }, 'a request to the webhook can not be answered');
      response.destroy();
    });
  });
  server.listen(listen.port, listen.host);
  await once(server, 'listening');
  const look = async () => {
    const pair = await readServing(place, stop.signal);
    if (pair === undefined || pair.cert === serving) return;
    server.setSecureContext(pair);
    serving = pair.cert;
  };
  const background = Promise.all([
    // What the leader is about to make is there in a moment.
    repeatedly(look, options, stop.signal, () => (serving === undefined ? SOON : interval)),
    lead(options, stop.signal, async (reign) => {
      await repeatedly(
        () => keepServing(place, reign),
        options,
        reign,
        () => interval,
      );
    }),
  ]);
  const end = async () => {
    stop.abort();
    await background;
    server.closeIdleConnections();
    const closed = once(server, 'close');
    server.close();
    await closed;
  };
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= end();
    return closing;
  };
  const { address, port } = server.address() as AddressInfo;
  return {
    host: address,
    port,
    get ready() {
      return serving !== undefined;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Does something as long as this replica leads. */
async function lead(
  { client, namespace, name, identity, logger }: WebhookOptions,
  signal: AbortSignal,
  act: (reign: AbortSignal) => Promise<void>,
): Promise<void> {
  const onError = (err: unknown) => logger.warn({ err }, 'the Lease can not be had or renewed');
  const election = new LeaseElection({ client, namespace, name, identity, onError });
  const reigns: AsyncIterable<Reign | undefined> = election.changes(signal);
  for await (const reign of reigns)
    if (reign !== undefined) await act(AbortSignal.any([signal, reign.signal]));
}

async function repeatedly(
  act: () => Promise<void>,
  { logger }: WebhookOptions,
  signal: AbortSignal,
  interval: () => number,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await act();
    } catch (err) {
      if (signal.aborted) return;
      logger.warn({ err }, "the webhook's certificate can not be kept: it is tried again");
    }
    await wait(interval(), undefined, { signal }).catch(() => {});
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  sidecar: SidecarTemplate,
  ready: () => boolean,
): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'https://webhook');
  const say = (status: number, text = '') => response.writeHead(status).end(text);
  if (pathname === '/healthz') return void say(200, 'ok');
  if (pathname === '/readyz') return void say(ready() ? 200 : 503);
  if (pathname !== '/mutate') return void say(404);
  if (request.method !== 'POST') return void say(405);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST) return void say(413);
    chunks.push(chunk);
  }
  const answered = review(parse(Buffer.concat(chunks).toString()), sidecar);
  if (answered === undefined)
    return void say(400, 'send an AdmissionReview of admission.k8s.io/v1');
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answered));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
