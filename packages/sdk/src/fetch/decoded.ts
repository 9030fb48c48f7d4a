/** Content codings that a response is decoded of, and what the platform calls them. */
const CODINGS: Readonly<Record<string, string>> = {
  ...{ gzip: 'gzip', 'x-gzip': 'gzip', deflate: 'deflate', br: 'brotli' },
};

/** The response with its content as it was before it was encoded; the headers tell of it as they did. */
export function decoded(response: Response): Response {
  const coding = CODINGS[response.headers.get('content-encoding')?.trim().toLowerCase() ?? ''];
  if (coding === undefined || response.body === null) return response;
  // Node knows more formats than its types do.
  const decompression = new DecompressionStream(
    coding as ConstructorParameters<typeof DecompressionStream>[0],
  );
  const { status, statusText, headers } = response;
  return new Response(response.body.pipeThrough(decompression), { status, statusText, headers });
}
