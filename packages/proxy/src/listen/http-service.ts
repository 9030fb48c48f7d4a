import type { Socket } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type { FilterChain } from '../config/filter-chain.ts';
import type { RateLimitPolicy } from '../config/filters/rate-limit-policy.ts';
import type { HttpManager } from '../config/http-manager.ts';
import type { ClientFacts } from '../config/request-view.ts';
import type { RouteTable } from '../config/route-table.ts';
import type { Refusal, RequestHead } from '../forward/request-head.ts';
import { RequestRouter, type RouterEnvironment } from '../forward/request-router.ts';
import type { ChainService } from './chain-service.ts';
import type { ClientStream } from './client-stream.ts';
import { Http1Server } from './http1-server.ts';
import { Http2Server } from './http2-server.ts';

/** Takes a request, or answers why it is none. */
export type RequestHandler = (stream: ClientStream, head: RequestHead | Refusal) => void;

/** What HTTP services take from outside. */
export interface HttpEnvironment extends Omit<RouterEnvironment, 'routes' | 'draining'> {
  /** A route configuration by its name; undefined until it has come. */
  routes(name: string): RouteTable | undefined;
}

/** HTTP/1.1 and HTTP/2 for clients, as a connection manager says. */
export class HttpService implements ChainService {
  readonly #environment: HttpEnvironment;
  readonly #http1: Http1Server;
  readonly #http2: Http2Server;
  #manager: HttpManager;
  #router: RequestRouter;
  #draining = false;

  constructor(manager: HttpManager, environment: HttpEnvironment) {
    this.#environment = environment;
    this.#manager = manager;
    this.#router = this.#newRouter();
    const rules = () => this.#manager;
    const handler: RequestHandler = (stream, head) => this.#router.handle(stream, head);
    const mayUpgrade = (protocol: string) => this.#mayUpgrade(protocol);
    this.#http1 = new Http1Server(manager.codec, handler, { rules, mayUpgrade });
    this.#http2 = new Http2Server(manager.codec, handler, rules);
  }

  canTake({ network }: FilterChain): boolean {
    return network.type === 'http' && isDeepStrictEqual(network.codec, this.#manager.codec);
  }

  take({ network }: FilterChain): void {
    if (network.type !== 'http' || network === this.#manager) return;
    this.#environment.limiter.carryOver(limitsOf(this.#manager), limitsOf(network));
    this.#manager = network;
    this.#router = this.#newRouter();
  }

  /** Takes a request that came by no connection. */
  handle(stream: ClientStream, head: RequestHead): void {
    this.#router.handle(stream, head);
  }

  accept(socket: Socket, client: ClientFacts, http2: boolean): void {
    const { codec } = this.#manager.codec;
    if (codec === 'http2' || (http2 && codec === 'auto')) this.#http2.accept(socket, client);
    else this.#http1.accept(socket, client);
  }

  drain(): void {
    this.#draining = true;
    this.#http1.drain();
    this.#http2.drain();
  }

  #newRouter(): RequestRouter {
    return new RequestRouter(this.#manager, {
      ...this.#environment,
      routes: () => this.#routes(),
      draining: () => this.#draining,
    });
  }

  #routes(): RouteTable | undefined {
    const { routes } = this.#manager;
    return typeof routes === 'string' ? this.#environment.routes(routes) : routes;
  }

  #mayUpgrade(protocol: string): boolean {
    const { upgrades } = this.#manager.codec;
    return upgrades.includes(protocol) || this.#routes()?.upgrades.has(protocol) === true;
  }
}

function limitsOf({ filters }: HttpManager): RateLimitPolicy[] {
  return filters.flatMap(({ policy }) => (policy?.type === 'rate-limit' ? [policy] : []));
}
