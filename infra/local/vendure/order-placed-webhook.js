// Vendure posts no webhooks. This plugin posts one for each order that is placed, signed as Standard Webhooks 1.0 asks. Shops can
// use it as it is. How long it goes on trying is their job queue's to say; so it is more than five hours:
//
//     plugins: [
//         DefaultJobQueuePlugin.init({ backoffStrategy: (_, attempts) => Math.min(1000 * 2 ** attempts, 900_000) }),
//         OrderPlacedWebhookPlugin.init({ url: '<ApiUrl>/webhooks/vendure', secret: 'whsec_<base64>' }),
//     ],
const { createHmac } = require('node:crypto');
const {
    EventBus,
    JobQueueService,
    Logger,
    OrderPlacedEvent,
    OrderService,
    PluginCommonModule,
    VendurePlugin,
} = require('@vendure/core');

const QUEUE = 'order-placed-webhook';
const RETRIES = 30;
const ANSWER_WITHIN_MS = 10_000;

class OrderPlacedWebhookPlugin {
    static target = {};

    static init(target) {
        this.target = target;
        return this;
    }

    constructor(events, orders, queues) {
        Object.assign(this, { events, orders, queues });
    }

    async onApplicationBootstrap() {
        const { url, secret } = OrderPlacedWebhookPlugin.target;
        if (!url) return;
        const queue = await this.queues.createQueue({
            name: QUEUE,
            process: job => post(url, secret, job.data),
        });
        // Told here once the order's transaction has been committed.
        this.events.ofType(OrderPlacedEvent).subscribe(event => {
            this.enqueue(queue, event).catch(error => Logger.error(`${event.order.code}: ${error}`, QUEUE));
        });
    }

    async enqueue(queue, event) {
        const relations = ['customer', 'lines', 'lines.productVariant', 'shippingLines', 'surcharges'];
        const order = await this.orders.findOne(event.ctx, event.order.id, relations);
        const body = { type: 'order.placed', timestamp: order.orderPlacedAt.toISOString(), data: described(order) };
        // Id and body stay the same over all attempts, and whoever asks for the order later can make them too.
        await queue.add({ id: webhookId(order.code), body: JSON.stringify(body) }, { retries: RETRIES });
    }
}

/** Of an order that is placed once. An id takes no full stop: Standard Webhooks signs it with one behind it. */
function webhookId(code) {
    const escaped = code.replace(/[^A-Za-z0-9_-]/gu, char => `~${char.codePointAt(0).toString(16)}~`);
    return `order-placed-${escaped}`;
}

async function post(url, secret, { id, body }) {
    const timestamp = Math.floor(Date.now() / 1000);
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
    const headers = {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': `v1,${signature}`,
    };
    const answer = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    // A refusal too is tried again: a wrong secret is set right some time, and the order is still there.
    if (!answer.ok) throw new Error(`${id} was answered with ${answer.status}`);
}

/** Members of an object, null where it has none: as the Admin API answers. */
const members = (object, names) =>
    object ? Object.fromEntries(names.map(name => [name, object[name] ?? null])) : null;
const identified = (object, names) => (object ? { id: String(object.id), ...members(object, names) } : null);

/** The order in the words of the Admin API. */
function described(order) {
    return {
        ...identified(order, ['code', 'state', 'orderPlacedAt', 'currencyCode']),
        customer: identified(order.customer, ['firstName', 'lastName', 'emailAddress', 'phoneNumber']),
        shippingAddress: members(order.shippingAddress, [
            'fullName',
            'company',
            'streetLine1',
            'streetLine2',
            'city',
            'province',
            'postalCode',
            'countryCode',
            'phoneNumber',
        ]),
        lines: order.lines.map(line => ({
            ...identified(line, ['quantity', 'unitPrice', 'unitPriceWithTax']),
            productVariant: identified(line.productVariant, ['sku', 'name']),
        })),
        ...members(order, ['subTotal', 'subTotalWithTax', 'shippingWithTax', 'totalWithTax']),
    };
}

Reflect.defineMetadata('design:paramtypes', [EventBus, OrderService, JobQueueService], OrderPlacedWebhookPlugin);
VendurePlugin({ imports: [PluginCommonModule], compatibility: '^3.0.0' })(OrderPlacedWebhookPlugin);

module.exports = { OrderPlacedWebhookPlugin };
