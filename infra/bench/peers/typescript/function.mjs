// The same jobs with Powertools for AWS Lambda (TypeScript), set up as its documentation does.
// JOB=ledger: batch processor and idempotency around a handler that does nothing.
// JOB=flow: the same around a translation of the order and one HTTP call.
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';

const processor = new BatchProcessor(EventType.SQS);
const persistenceStore = new DynamoDBPersistenceLayer({ tableName: process.env.LEDGER_TABLE });
const keys = { ledger: 'powertools_json(body).data.order', flow: 'powertools_json(body).data.id' };
const config = new IdempotencyConfig({ eventKeyJmesPath: keys[process.env.JOB] });

const jobs = {
  ledger: async (record) => {
    JSON.parse(record.body);
    return { ok: true };
  },
  flow: async (record) => {
    const response = await fetch(`${process.env.TARGET_URL}/sale`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(sale(JSON.parse(record.body))),
      signal: AbortSignal.timeout(8000),
    });
    return response.json();
  },
};

// What transform::tryton::sale makes of it.
const sale = (envelope) => {
  const order = envelope.data;
  const shop = envelope.source.replace('/shopify/', '');
  const address = order.shipping_address;
  const quantity = (line) => line.current_quantity ?? line.quantity;
  return {
    reference: `${shop}/${order.id}`,
    description: order.name,
    party: {
      code: order.customer ? `${shop}/customer/${order.customer.id}` : `${shop}/order/${order.id}`,
      name: address.name,
      email: order.email,
    },
    shipment_address: {
      party_name: address.company || address.name,
      street_unstructured: [address.address1, address.address2].filter(Boolean).join('\n'),
      city: address.city,
      postal_code: address.zip,
      country: address.country_code,
      subdivision: address.province_code ? `${address.country_code}-${address.province_code}` : undefined,
    },
    currency: order.currency,
    lines: order.line_items
      .filter((line) => (line.requires_shipping ?? true) && quantity(line) > 0)
      .map((line) => ({
        product: line.sku,
        quantity: quantity(line),
        unit_price: { __class__: 'Decimal', decimal: line.price },
      })),
  };
};

const recordHandler = makeIdempotent(jobs[process.env.JOB], { persistenceStore, config });

export const handler = async (event, context) => {
  config.registerLambdaContext(context);
  return processPartialResponse(event, recordHandler, processor, { context });
};
