// The translation alone with JSONata: node transform.mjs <expression> <order> <attributes>. Text in, text out, as the others.
import { readFileSync } from 'node:fs';
import jsonata from 'jsonata';

const WARM_UP_MS = 2000;
const ROUND = 100;
const ROUNDS = 31;

const [expressionFile, orderFile, attributes] = process.argv.slice(2);
const order = readFileSync(orderFile, 'utf8');
const bindings = JSON.parse(attributes);
const expression = jsonata(readFileSync(expressionFile, 'utf8'));

const translate = async (text) => JSON.stringify(await expression.evaluate(JSON.parse(text), bindings));

const round = async () => {
  const started = performance.now();
  for (let message = 0; message < ROUND; message += 1) await translate(order);
  return ((performance.now() - started) * 1000) / ROUND;
};

const until = performance.now() + WARM_UP_MS;
while (performance.now() < until) await round();
const rounds = [];
for (let count = 0; count < ROUNDS; count += 1) rounds.push(await round());
rounds.sort((a, b) => a - b);

const version = JSON.parse(readFileSync('node_modules/jsonata/package.json', 'utf8')).version;
const microseconds = rounds[Math.floor(ROUNDS / 2)];
console.log(JSON.stringify({ version, microseconds, output: await translate(order) }));
