import type { Server } from 'node:http';
import type { Express, RequestHandler } from 'express';
import type { Mesh } from '../mesh.ts';
import { ServedInstance, type ServeOptions } from './served-instance.ts';

export type { HealthAnswer, ServedInstance, ServeOptions } from './served-instance.ts';

/**
 * Makes an Express application an instance of a service: it is registered by the port that it is bound to when
 * `app.listen` has bound it, answers the health paths, drains on SIGTERM (`ConnectOptions.drainOn`), and is taken out
 * when its server closes. Call it before any route is added. A server that `app.listen` has not made is given to
 * `attach`.
 */
export function meshkeeper(app: Express, mesh: Mesh, options: ServeOptions = {}): ServedInstance {
  const instance = new ServedInstance(mesh, options);
  app.use(answersHealth(instance));
  const { listen } = app;
  // Express's own signatures, all of which give the server.
  app.listen = ((...args: Parameters<typeof listen>): Server => {
    const server = listen.apply(app, args);
    instance.attach(server);
    return server;
  }) as typeof listen;
  return instance;
}

function answersHealth(instance: ServedInstance): RequestHandler {
  return async ({ method, path }, response, next) => {
    const isRead = method === 'GET' || method === 'HEAD';
    const answer = !isRead
      ? undefined
      : path === instance.healthPath
        ? instance.health()
        : path === instance.readyPath
          ? await instance.readiness()
          : undefined;
    if (!answer) next();
    else response.status(answer.statusCode).set('cache-control', 'no-store').json(answer.body);
  };
}
