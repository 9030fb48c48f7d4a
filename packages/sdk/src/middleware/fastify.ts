import type { FastifyInstance, FastifyPluginAsync, FastifyReply } from 'fastify';
import type { Mesh } from '../mesh.ts';
import { type HealthAnswer, ServedInstance, type ServeOptions } from './served-instance.ts';

export type { HealthAnswer, ServedInstance, ServeOptions } from './served-instance.ts';

/** What the plug-in takes. */
export interface MeshkeeperOptions extends ServeOptions {
  readonly mesh: Mesh;
}

const plugin: FastifyPluginAsync<MeshkeeperOptions> = async (app, { mesh, ...options }) => {
  // Fastify closes its server itself, with all that hangs on it.
  const instance = new ServedInstance(mesh, options, async () => app.close());
  addHealth(app, instance);
  app.addHook('onListen', async () => instance.attach(app.server));
  app.addHook('preClose', () => instance.close());
};

/**
 * Makes a Fastify application an instance of a service: it is registered by the port that it is bound to once it
 * listens, answers the health paths, drains on SIGTERM (`ConnectOptions.drainOn`), and is taken out before it closes.
 * Only over HTTP/1.1.
 */
export const meshkeeper: FastifyPluginAsync<MeshkeeperOptions> = Object.assign(plugin, {
  // As fastify-plugin says it: what is registered here is for the whole application.
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@meshkeeper/sdk',
});

function addHealth(app: FastifyInstance, instance: ServedInstance): void {
  const answer = (reply: FastifyReply, { statusCode, body }: HealthAnswer) =>
    reply.code(statusCode).header('cache-control', 'no-store').send(body);
  const { healthPath, readyPath } = instance;
  const options = { logLevel: 'silent' } as const;
  if (healthPath) app.get(healthPath, options, (_, reply) => answer(reply, instance.health()));
  if (readyPath)
    app.get(readyPath, options, async (_, reply) => answer(reply, await instance.readiness()));
}
