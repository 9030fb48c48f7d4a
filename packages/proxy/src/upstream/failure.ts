/** Why an attempt to get a response from an endpoint failed. */
export interface UpstreamFailure {
  /**
   * `connect`: no connection, so nothing was sent. `refused`: the endpoint says that it has not
   * looked at the request (HTTP/2). `reset`: the connection or the stream ended too early.
   * `protocol`: the server does not speak proper HTTP. `timeout`: it took too long. `overflow`: a
   * limit of the cluster is reached. `retired`: the endpoint left the cluster while the request
   * waited for a connection.
   */
  readonly reason:
    | 'connect'
    | 'refused'
    | 'reset'
    | 'protocol'
    | 'timeout'
    | 'overflow'
    | 'retired';
  /** One clause, for logs: "connect ECONNREFUSED 10.0.0.1:80". */
  readonly detail: string;
  /**
   * With `reset`, before anything of a response: the connection had been idle, so that its close may
   * have crossed the request.
   */
  readonly reused?: boolean;
}
