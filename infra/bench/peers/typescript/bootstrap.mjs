// The Runtime API's loop, no more: lighter than AWS's own client, which is to the function's favour.
import http from 'node:http';

const api = process.env.AWS_LAMBDA_RUNTIME_API;
const agent = new http.Agent({ keepAlive: true });
const { handler } = await import('./function.mjs');

const call = (method, path, body) =>
  new Promise((resolve, reject) => {
    const [host, port] = api.split(':');
    const request = http.request({ agent, host, port, method, path: `/2018-06-01/runtime${path}` }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() }));
    });
    request.on('error', reject);
    request.end(body);
  });

for (;;) {
  const next = await call('GET', '/invocation/next');
  const id = next.headers['lambda-runtime-aws-request-id'];
  const deadline = Number(next.headers['lambda-runtime-deadline-ms']);
  const context = { awsRequestId: id, getRemainingTimeInMillis: () => deadline - Date.now() };
  try {
    const answer = await handler(JSON.parse(next.body), context);
    await call('POST', `/invocation/${id}/response`, JSON.stringify(answer));
  } catch (error) {
    await call('POST', `/invocation/${id}/error`, JSON.stringify({ errorMessage: String(error) }));
  }
}
