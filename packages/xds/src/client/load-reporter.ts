import { type Client, type ClientDuplexStream, type ServiceError, status } from '@grpc/grpc-js';
import { milliseconds } from '../codec/duration.ts';
import { LoadStatsRequest, LoadStatsResponse, type Node } from '../codec/messages.ts';
import { ALL_CLUSTERS, LOAD_PATH } from '../server/load-reports.ts';
import { bytesMethod } from '../server/services.ts';
import { type Backoff, backoff } from './backoff.ts';
import { type ClusterUsage, loadStats } from './load-stats.ts';
import { pushback } from './pushback.ts';

/** Nobody is told more often than that, whatever is asked for. Milliseconds. */
const SHORTEST = 100;

/** What is reported, by whom, and to whom. */
export interface LoadReporterOptions {
  readonly client: Client;
  readonly node: Node;
  /** What was sent since the last call, of every cluster. */
  readonly usage: () => readonly ClusterUsage[];
  readonly backoff: Backoff;
  readonly random: () => number;
}

/** Tells a control plane that asks for it what load there is on whom (LRS), until it is closed. */
export class LoadReporter {
  readonly #options: LoadReporterOptions;
  #call: ClientDuplexStream<Buffer, Buffer> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #attempt = 0;
  #reportedAt = 0;

  constructor(options: LoadReporterOptions) {
    this.#options = options;
  }

  /** Begins, unless it has begun: a control plane has answered. */
  start(): void {
    if (this.#call === undefined && this.#timer === undefined) this.#connect();
  }

  /** Ends it for good. */
  close(): void {
    const call = this.#call;
    this.#end();
    call?.cancel();
  }

  #connect(): void {
    const { path, requestSerialize, responseDeserialize } = bytesMethod(LOAD_PATH);
    const { client, node } = this.#options;
    const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    this.#call = call;
    call.on('data', (bytes: Buffer) => this.#asked(call, bytes));
    call.on('error', (error: ServiceError) => this.#broken(call, error));
    call.on('end', () => this.#broken(call, undefined));
    send(call, { node: { ...node, clientFeatures: [ALL_CLUSTERS] } });
  }

  /** The control plane says what it wants, and how often: from now on. */
  #asked(call: ClientDuplexStream<Buffer, Buffer>, bytes: Buffer): void {
    if (call !== this.#call) return;
    let wanted: LoadStatsResponse;
    try {
      wanted = LoadStatsResponse.decode(bytes);
    } catch {
      call.cancel();
      return;
    }
    this.#attempt = 0;
    clearInterval(this.#timer);
    // What was sent before has nobody asked for.
    this.#options.usage();
    this.#reportedAt = performance.now();
    const interval = Math.max(SHORTEST, milliseconds(wanted.loadReportingInterval) ?? 0);
    this.#timer = setInterval(() => this.#report(call, wanted), interval).unref();
  }

  #report(call: ClientDuplexStream<Buffer, Buffer>, wanted: LoadStatsResponse): void {
    const now = performance.now();
    const usages = this.#options.usage();
    send(call, { clusterStats: loadStats(usages, wanted, Math.round(now - this.#reportedAt)) });
    this.#reportedAt = now;
  }

  #broken(call: ClientDuplexStream<Buffer, Buffer>, error: ServiceError | undefined): void {
    if (call !== this.#call) return;
    this.#end();
    // Who doesn't know the service won't learn it before there is another control plane.
    if (error?.code === status.UNIMPLEMENTED) return;
    const { backoff: limits, random } = this.#options;
    const wait = pushback(error) ?? backoff(this.#attempt++, limits, random);
    this.#timer = setTimeout(() => this.#connect(), wait).unref();
  }

  #end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#call = undefined;
  }
}

function send(call: ClientDuplexStream<Buffer, Buffer>, request: LoadStatsRequest): void {
  call.write(Buffer.from(LoadStatsRequest.encode(request).finish()));
}
