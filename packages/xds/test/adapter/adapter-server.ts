import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type handleUnaryCall,
  type MethodDefinition,
  Server,
  ServerCredentials,
  status,
  type UntypedHandleCall,
} from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import type { Any } from '../../src/codec/messages.ts';
import { DiscoveryServer, formatHostPort, type HostPort } from '../../src/index.ts';
import { AdapterStore } from './adapter-store.ts';

const PROTO = join(import.meta.dirname, 'adapter.proto');

/** What a request of any of the methods holds. */
interface Request {
  readonly node: string;
  readonly version: string;
  readonly resources: readonly Any[];
  readonly typeUrl: string;
  readonly resourceName: string;
}

/** Where both servers listen. */
export interface AdapterOptions {
  readonly xds: HostPort;
  readonly adapter: HostPort;
  /**
   * Milliseconds before a change is made. The harness sends a request to the one server and a change
   * to the other without waiting in between, and takes it for granted which is seen first. Default 0.
   */
  readonly delay?: number;
}

/** A discovery server, and beside it the one that says what it serves. */
export class AdapterServer implements AsyncDisposable {
  readonly #xds: DiscoveryServer;
  readonly #server: Server;
  /** Where each listens. */
  readonly xds: HostPort;
  readonly adapter: HostPort;

  private constructor(xds: DiscoveryServer, server: Server, adapter: HostPort) {
    this.#xds = xds;
    this.#server = server;
    this.xds = xds.address;
    this.adapter = adapter;
  }

  static async start(options: AdapterOptions): Promise<AdapterServer> {
    const { xds: listen, adapter, delay = 0 } = options;
    const store = new AdapterStore();
    const xds = await DiscoveryServer.start(store, { listen });
    // An empty state is one too: the first stream is answered before the first SetState.
    xds.changed(new Map());
    const server = new Server();
    await addService(server, store, xds, delay);
    const port = await new Promise<number>((resolve, reject) => {
      const insecure = ServerCredentials.createInsecure();
      server.bindAsync(formatHostPort(adapter), insecure, (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    return new AdapterServer(xds, server, { ...adapter, port });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
    await this.#xds.close();
  }
}

/** The methods, each with what it changes. */
async function addService(
  server: Server,
  store: AdapterStore,
  xds: DiscoveryServer,
  delay: number,
): Promise<void> {
  const methods = {
    SetState: (r: Request) => store.set(r.node, r.version, r.resources),
    ClearState: (r: Request) => store.clear(r.node),
    AddResource: (r: Request) => store.add(r.node, r.typeUrl, r.resourceName, r.version),
    UpdateResource: (r: Request) => store.update(r.node, r.typeUrl, r.resourceName, r.version),
    RemoveResource: (r: Request) => store.remove(r.node, r.typeUrl, r.resourceName, r.version),
  };
  const definitions = await adapterMethods();
  const handlers = Object.entries(methods).map(([name, change]) => {
    const handle: handleUnaryCall<Request, object> = async (call, callback) => {
      try {
        if (delay > 0) await pause(delay);
        xds.changed(change(call.request));
        callback(null, { success: true, response: 'cleared' });
      } catch (error) {
        const details = error instanceof Error ? error.message : String(error);
        callback({ code: status.INVALID_ARGUMENT, details });
      }
    };
    // grpc-js keeps handlers of all kinds in one table.
    return [name, handle as UntypedHandleCall] as const;
  });
  server.addService(definitions, Object.fromEntries(handlers));
}

/** The methods of the adapter, as grpc-js takes them, for a server or a client. */
export async function adapterMethods(): Promise<
  Record<string, MethodDefinition<Request, Record<string, unknown>>>
> {
  const root = await protobuf.load(PROTO);
  const service = root.lookupService('adapter.Adapter');
  const definitions = service.methodsArray.map(({ name, requestType, responseType }) => {
    const request = root.lookupType(`adapter.${requestType}`);
    const response = root.lookupType(`adapter.${responseType}`);
    const encode = (type: protobuf.Type) => (message: object) =>
      Buffer.from(type.encode(type.fromObject(message)).finish());
    const definition: MethodDefinition<Request, Record<string, unknown>> = {
      path: `/adapter.Adapter/${name}`,
      requestStream: false,
      responseStream: false,
      requestSerialize: encode(request),
      // What is decoded has the fields of its message.
      requestDeserialize: (bytes) => request.decode(bytes) as unknown as Request,
      responseSerialize: encode(response),
      responseDeserialize: (bytes) => response.toObject(response.decode(bytes), { defaults: true }),
    };
    return [name, definition] as const;
  });
  return Object.fromEntries(definitions);
}
