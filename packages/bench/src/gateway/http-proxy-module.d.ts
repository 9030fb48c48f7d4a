/** The part of http-proxy, which has no types of its own, that the bench uses. */
declare module 'http-proxy' {
  import type { Agent, IncomingMessage, ServerResponse } from 'node:http';

  interface HttpProxy {
    web(request: IncomingMessage, response: ServerResponse): void;
  }
  const httpProxy: {
    createProxyServer(options: { target: string; agent: Agent; xfwd: boolean }): HttpProxy;
  };
  export default httpProxy;
}
