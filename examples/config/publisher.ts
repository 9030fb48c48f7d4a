/** Where control planes are. */
interface Where {
  readonly server?: string | readonly string[];
}

/** What an operator does, over HTTP: `meshkeeper config set` and `publish`. */
export function publisher({ server = process.env.MESHKEEPER_SERVER }: Where, application: string) {
  const [first = ''] = [server ?? ''].flat();
  const namespace = `${first}/api/v1/config/${application}/default`;
  const send = async (method: string, path: string, body: object) => {
    const headers = { 'content-type': 'application/json', 'if-match': '*' };
    const init = { method, headers, body: JSON.stringify(body) };
    const response = await fetch(`${namespace}${path}`, init);
    if (!response.ok) throw new Error(await response.text());
    return response;
  };
  return async (set: Readonly<Record<string, string>>) => {
    await send('PATCH', '/draft', { set });
    await send('POST', '/publish', {});
  };
}
