import type { HttpManager } from '../config/http-manager.ts';
import type { ClusterShare, ForwardAction, RouteAction } from '../config/route-action.ts';
import type { Treatment } from '../config/route-scope.ts';
import { type RouteTable, withoutPort } from '../config/route-table.ts';
import { type ClientStream, NO_RECEIVER } from '../listen/client-stream.ts';
import type { ProxyObserver } from '../observer.ts';
import type { Cluster } from '../upstream/cluster.ts';
import { FilterPass, type FilterResult } from './filters/filter-pass.ts';
import { type ActiveFilter, type FilterEnvironment, HttpFilters } from './filters/http-filters.ts';
import { Forwarding } from './forwarding.ts';
import { mirrorRequest } from './mirror-request.ts';
import { normalizeTarget, unescapeSlashes } from './path.ts';
import { printable, type Reply, type ResponseEdit, sendReply, sentence } from './reply.ts';
import type { Refusal, RequestHead } from './request-head.ts';
import { responseEdits } from './response-edits.ts';
import { upstreamHead } from './upstream-head.ts';
import { View } from './view.ts';

/** What routing a request needs to know of the moment. */
export interface RouterEnvironment extends FilterEnvironment {
  /** The route table of the listener; undefined until it has come. */
  routes(): RouteTable | undefined;
  cluster(name: string): Cluster | undefined;
  /** True when connections must not be kept for another request. */
  draining(): boolean;
  readonly observer: ProxyObserver;
  readonly now: () => number;
  readonly random: () => number;
}

/** A request that a route was found for. */
interface Routed {
  readonly client: ClientStream;
  readonly head: RequestHead;
  /** Path and query. */
  readonly target: string;
  readonly view: View;
  /** When it came. */
  readonly arrived: number;
}

/** What can become of a request in the filters. */
interface Ways {
  answer(reply: Reply): void;
  /** It has passed. */
  goOn(): void;
}

const UNROUTED = { cluster: undefined, durationMs: 0, retries: 0, failure: undefined } as const;

/** Decides what becomes of each request of a listener. */
export class RequestRouter {
  readonly #manager: HttpManager;
  readonly #environment: RouterEnvironment;
  readonly #filters: HttpFilters;
  readonly #pathRules: { readonly normalize: boolean; readonly mergeSlashes: boolean };

  constructor(manager: HttpManager, environment: RouterEnvironment) {
    this.#manager = manager;
    this.#environment = environment;
    this.#filters = new HttpFilters(manager.filters, environment);
    this.#pathRules = { normalize: manager.normalizePath, mergeSlashes: manager.mergeSlashes };
  }

  /** Forwards the request, or answers it. */
  handle(client: ClientStream, head: RequestHead | Refusal): void {
    if ('message' in head) {
      this.#answer(client, undefined, sentence(head.status, head.message), false);
      return;
    }
    const { random, now, routes } = this.#environment;
    const unescaped = this.#unescaped(head.target);
    const target = unescaped && normalizeTarget(unescaped, this.#pathRules);
    const proto = this.#manager.useRemoteAddress ? undefined : head.forwardedProto;
    const scheme = (proto ?? (client.client.secure ? 'https' : 'http')) === 'https';
    const view = new View(head, target ?? '/', scheme ? 'https' : 'http', client.client, random);
    if (target === undefined) {
      this.#answer(client, view, sentence(400, 'The path is malformed.'), false);
    } else if (unescaped !== head.target && this.#manager.escapedSlashes === 'redirect') {
      const fields = ['location', target];
      this.#answer(client, view, { status: 307, body: '', fields }, keepsAlive(head));
    } else {
      const table = routes();
      const reply = table
        ? this.#route(table, { client, head, target, view, arrived: now() })
        : sentence(503, 'There are no routes yet.');
      if (reply) this.#answer(client, view, reply, keepsAlive(head));
    }
  }

  /** The target that is looked at; undefined when there must not be such a one. */
  #unescaped(target: string): string | undefined {
    if (this.#manager.escapedSlashes === 'keep') return target;
    const unescaped = unescapeSlashes(target);
    return this.#manager.escapedSlashes === 'reject' && unescaped !== target
      ? undefined
      : unescaped;
  }

  /** A reply where no route leads anywhere. */
  #route(table: RouteTable, routed: Routed): Reply | undefined {
    const { head, view } = routed;
    const { stripPort, stripTrailingDot } = this.#manager;
    let host = stripPort ? withoutPort(head.host) : head.host;
    if (stripTrailingDot) host = host.replace(/\.(?=$|:\d+$)/, '');
    const routing = table.find(host, view);
    if (routing.type === 'no-host') {
      return sentence(404, `There is no service for host ${printable(host)}.`);
    }
    if (routing.type === 'no-route') {
      return sentence(404, `No route of host ${printable(host)} matches the request.`);
    }
    const { action } = routing;
    const share = action.type === 'forward' ? this.#choose(action) : undefined;
    // An action that has no shares is treated as a whole.
    const treatment = share ?? (action as Treatment);
    const active = this.#filters.activeFor(treatment.filters);
    if (!active) {
      this.#act(routed, action, share, undefined);
      return undefined;
    }
    const pass = new FilterPass(view, share?.name, action.rateLimits);
    const answer = (reply: Reply) => {
      const edits = responseEdits(treatment, undefined, pass, view);
      this.#answer(routed.client, view, reply, keepsAlive(head), edits);
    };
    const goOn = () => this.#act(routed, action, share, pass);
    this.#filter(routed.client, active, pass, { answer, goOn });
    if (pass.endings.length > 0) {
      routed.client.whenClosed(() => {
        for (const end of pass.endings) end();
      });
    }
    return undefined;
  }

  #choose({ clusters, totalWeight }: ForwardAction): ClusterShare {
    const [first] = clusters as [ClusterShare];
    if (clusters.length === 1) return first;
    let at = this.#environment.random() * totalWeight;
    for (const share of clusters) {
      at -= share.weight;
      if (at < 0) return share;
    }
    return first;
  }

  /** Asks the filters one after the other. */
  #filter(
    client: ClientStream,
    [first, ...others]: readonly ActiveFilter[],
    pass: FilterPass,
    ways: Ways,
  ): void {
    if (!first) ways.goOn();
    else {
      const goOn = () => this.#filter(client, others, pass, ways);
      this.#take(client, this.#filters.apply(first, pass), { ...ways, goOn });
    }
  }

  #take(client: ClientStream, result: FilterResult, ways: Ways): void {
    if (!result) ways.goOn();
    else if (result.type === 'answer') ways.answer(result.reply);
    else {
      const timer = setTimeout(() => {
        client.receiver = NO_RECEIVER;
        this.#take(client, result.afterwards, ways);
      }, result.duration);
      client.receiver = {
        ...NO_RECEIVER,
        closed: () => {
          clearTimeout(timer);
          this.#environment.observer.requestFinished?.({ ...UNROUTED, status: 0 });
        },
      };
    }
  }

  #act(
    routed: Routed,
    action: RouteAction,
    share: ClusterShare | undefined,
    pass: FilterPass | undefined,
  ): void {
    const { client, head, view } = routed;
    let reply: Reply | undefined;
    if (action.type === 'forward') {
      // A share was chosen of such an action.
      reply = this.#forward(routed, action, share!, pass);
    } else if (action.type === 'redirect') {
      reply = { status: action.status, body: '', fields: ['location', action.location(view)] };
    } else reply = { status: action.status, body: action.body };
    if (!reply) return;
    const treatment = share ?? (action as Treatment);
    const edits = responseEdits(treatment, undefined, pass, view);
    this.#answer(client, view, reply, keepsAlive(head), edits);
  }

  /** A reply where the request can't be forwarded. */
  #forward(
    routed: Routed,
    action: ForwardAction,
    share: ClusterShare,
    pass: FilterPass | undefined,
  ): Reply | undefined {
    const { client, head, target, view, arrived } = routed;
    const { observer, now, random, draining, cluster: find } = this.#environment;
    const name = share.header ? (share.header(view) ?? '') : share.name;
    const cluster = find(name);
    if (!cluster) {
      const text = `The route's cluster ${printable(name)} is not known.`;
      return sentence(action.missingStatus, text);
    }
    const allowed = head.upgrade === undefined || this.#mayUpgrade(action, head.upgrade);
    if (allowed === 'forbidden') return sentence(403, 'The upgrade is not allowed here.');
    // An upgrade that nobody has allowed is an ordinary request (RFC 9110, 7.8).
    const sent = allowed ? head : { ...head, upgrade: undefined };
    const manager = this.#manager;
    const { streamIdleTimeout, requestTimeout } = manager;
    const outgoing = upstreamHead({ head: sent, view, action, share, target, manager });
    const idleTimeout = action.idleTimeout ?? streamIdleTimeout;
    const hashed = action.hash?.(view);
    const duration = action.duration?.(view) ?? manager.maxStreamDuration;
    new Forwarding({
      client,
      view,
      arrived,
      head: outgoing,
      action,
      cluster,
      hash: hashed?.hash,
      idleTimeout,
      requestTimeout,
      // A filter may have spent some of it.
      duration: duration > 0 ? Math.max(1, duration - (now() - arrived)) : 0,
      mirrors: action.mirrors
        ? mirrorRequest(action, outgoing, { find, random, idleTimeout })
        : NO_MIRRORS,
      edits: responseEdits(share, hashed?.cookie, pass, view),
      bytesPerSecond: pass?.bytesPerSecond,
      observer,
      random,
      now,
      draining,
    }).start();
    return undefined;
  }

  #mayUpgrade({ upgrades }: ForwardAction, protocol: string): boolean | 'forbidden' {
    const stated = upgrades.get(protocol);
    if (stated === false) return 'forbidden';
    return stated ?? this.#manager.codec.upgrades.includes(protocol);
  }

  #answer(
    client: ClientStream,
    view: View | undefined,
    reply: Reply,
    keepAlive: boolean,
    edits?: readonly ResponseEdit[],
  ): void {
    const { observer, draining } = this.#environment;
    const context = { view, keepAlive: keepAlive && !draining(), edits };
    const status = sendReply(client, reply, context);
    observer.requestFinished?.({ ...UNROUTED, status });
  }
}

const NO_MIRRORS: readonly never[] = [];

/** True when what follows the head can't be taken for another request. */
function keepsAlive(head: RequestHead): boolean {
  return head.body.type === 'none' && head.upgrade === undefined;
}
