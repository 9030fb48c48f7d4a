/** Why an attempt to get a response from an endpoint failed. */
export interface UpstreamFailure {
  /**
   * `connect`: no connection, so nothing was sent. `reset`: the connection ended too early.
   * `protocol`: the server does not speak proper HTTP/1. `timeout`: it took too long.
   * `overflow`: a limit of the cluster is reached. `retired`: the endpoint left the cluster while
   * the request waited for a connection.
   */
  readonly reason: 'connect' | 'reset' | 'protocol' | 'timeout' | 'overflow' | 'retired';
  /** One clause, for logs: "connect ECONNREFUSED 10.0.0.1:80". */
  readonly detail: string;
}
