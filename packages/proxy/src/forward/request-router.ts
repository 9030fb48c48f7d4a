import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ListenerConfig } from '../config/listener-config.ts';
import type { ForwardAction } from '../config/route-action.ts';
import { type RouteTable, withoutPort } from '../config/route-table.ts';
import type { RequestKind } from '../listen/gateway-listener.ts';
import type { ProxyObserver } from '../observer.ts';
import type { Cluster } from '../upstream/cluster.ts';
import { Forwarding } from './forwarding.ts';
import { localReply, printable } from './local-reply.ts';
import { normalizeTarget } from './path.ts';
import { type RequestHead, readRequestHead, viewOf } from './request-head.ts';
import { upstreamHead } from './upstream-head.ts';

/** What routing a request needs to know of the moment. */
export interface RouterEnvironment {
  /** The route table of the listener; undefined until it has come. */
  routes(): RouteTable | undefined;
  cluster(name: string): Cluster | undefined;
  draining(): boolean;
  readonly observer: ProxyObserver;
  readonly now: () => number;
  readonly random: () => number;
}

/** What the proxy answers itself. */
interface Answer {
  readonly status: number;
  readonly message: string;
  /** The rest of the connection is still in step. */
  readonly keepAlive: boolean;
}

const UNROUTED = { cluster: undefined, durationMs: 0, retries: 0, failure: undefined } as const;

/** Decides what becomes of each request of a listener. */
export class RequestRouter {
  readonly #config: ListenerConfig;
  readonly #environment: RouterEnvironment;
  readonly #pathRules: { readonly normalize: boolean; readonly mergeSlashes: boolean };

  constructor(config: ListenerConfig, environment: RouterEnvironment) {
    this.#config = config;
    this.#environment = environment;
    this.#pathRules = { normalize: config.normalizePath, mergeSlashes: config.mergeSlashes };
  }

  /** Forwards the request, or answers it. */
  handle(request: IncomingMessage, response: ServerResponse, kind: RequestKind): void {
    const refusal = this.#route(request, response, kind);
    if (!refusal) return;
    const { status, message, keepAlive } = refusal;
    const { observer, draining } = this.#environment;
    localReply(response, status, message, keepAlive && !draining());
    observer.requestFinished?.({ ...UNROUTED, status });
  }

  #route(
    request: IncomingMessage,
    response: ServerResponse,
    kind: RequestKind,
  ): Answer | undefined {
    const { method = '', url = '', rawHeaders, httpVersionMinor } = request;
    const head = readRequestHead(method, url, rawHeaders, httpVersionMinor === 1, this.#config);
    if ('message' in head) return { ...head, keepAlive: false };
    const target = normalizeTarget(head.target, this.#pathRules);
    if (target === undefined)
      return { status: 400, message: 'The path is malformed.', keepAlive: false };
    if (kind === 'upgrade' && head.body.type !== 'none') {
      return { status: 400, message: 'An upgrade with a body is not taken.', keepAlive: false };
    }
    const keepAlive = head.body.type === 'none' && kind !== 'upgrade';
    const host = this.#config.stripPort ? withoutPort(head.host) : head.host;
    const routes = this.#environment.routes();
    if (!routes) return { status: 503, message: 'There are no routes yet.', keepAlive: keepAlive };
    const view = viewOf(head, target, (name) => text(request.headers[name]));
    const routing = routes.find(host, view);
    if (routing.type === 'no-host') {
      const message = `There is no service for host ${printable(host)}.`;
      return { status: 404, message, keepAlive: keepAlive };
    }
    if (routing.type === 'no-route') {
      const message = `No route of host ${printable(host)} matches the request.`;
      return { status: 404, message, keepAlive: keepAlive };
    }
    const { action } = routing;
    if (action.type === 'respond') {
      return { status: action.status, message: action.body, keepAlive: keepAlive };
    }
    return this.#forward(request, response, kind, head, target, action);
  }

  #forward(
    request: IncomingMessage,
    response: ServerResponse,
    kind: RequestKind,
    head: RequestHead,
    target: string,
    action: ForwardAction,
  ): Answer | undefined {
    const { observer, now, random } = this.#environment;
    const name = choose(action, random);
    const cluster = this.#environment.cluster(name);
    const keepAlive = head.body.type === 'none' && kind !== 'upgrade';
    if (!cluster) {
      const message = `The route's cluster ${printable(name)} is not known.`;
      return { status: 503, message, keepAlive: keepAlive };
    }
    const asked = kind === 'upgrade' ? head.upgrade : undefined;
    if (asked !== undefined && action.upgrades.get(asked) === false) {
      return { status: 403, message: 'The upgrade is not allowed here.', keepAlive: false };
    }
    // An upgrade that the listener doesn't know is an ordinary request (RFC 9110, 7.8).
    const sent = asked === head.upgrade ? head : { ...head, upgrade: asked };
    const { useRemoteAddress, streamIdleTimeout } = this.#config;
    const remoteAddress = request.socket.remoteAddress ?? '';
    new Forwarding({
      request,
      response,
      head: sent,
      upstreamHead: upstreamHead(sent, action, { target, remoteAddress, useRemoteAddress }),
      action,
      cluster,
      idleTimeout: action.idleTimeout ?? streamIdleTimeout,
      expectsContinue: kind === 'continue',
      observer,
      random,
      now,
      draining: this.#environment.draining,
    }).start();
    return undefined;
  }
}

function choose({ clusters }: ForwardAction, random: () => number): string {
  if (clusters.length === 1) return clusters[0]!.name;
  let at = random() * clusters.reduce((sum, { weight }) => sum + weight, 0);
  for (const { name, weight } of clusters) {
    at -= weight;
    if (at < 0) return name;
  }
  return clusters.at(-1)!.name;
}

function text(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value;
}
