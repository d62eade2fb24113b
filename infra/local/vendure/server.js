// A Vendure shop that posts every placed order, whole, to WEBHOOK_URL, signed by Standard Webhooks with WEBHOOK_SECRET.
// Arguments: the port, and the port of its PostgreSQL.
const { createHmac, randomUUID } = require('node:crypto');
const {
    bootstrap, DefaultJobQueuePlugin, DefaultSearchPlugin, dummyPaymentHandler, EventBus,
    manualFulfillmentHandler, OrderPlacedEvent, OrderService, PluginCommonModule, VendurePlugin,
} = require('@vendure/core');

const [port, databasePort] = process.argv.slice(2).map(Number);
const { WEBHOOK_URL, WEBHOOK_SECRET } = process.env;

/** What the Admin API says of an order, with its names. */
function order({ code, ...rest }) {
    const address = ({ fullName, company, streetLine1, streetLine2, city, province, postalCode, countryCode, phoneNumber }) =>
        ({ fullName, company, streetLine1, streetLine2, city, province, postalCode, countryCode, phoneNumber });
    return {
        id: String(rest.id),
        code,
        state: rest.state,
        orderPlacedAt: rest.orderPlacedAt,
        currencyCode: rest.currencyCode,
        customer: rest.customer && {
            id: String(rest.customer.id),
            firstName: rest.customer.firstName,
            lastName: rest.customer.lastName,
            emailAddress: rest.customer.emailAddress,
            phoneNumber: rest.customer.phoneNumber,
        },
        shippingAddress: address(rest.shippingAddress),
        lines: rest.lines.map(line => ({
            id: String(line.id),
            quantity: line.quantity,
            unitPriceWithTax: line.unitPriceWithTax,
            linePriceWithTax: line.linePriceWithTax,
            productVariant: {
                id: String(line.productVariant.id), sku: line.productVariant.sku, name: line.productVariant.name,
            },
        })),
        subTotalWithTax: rest.subTotalWithTax,
        shippingWithTax: rest.shippingWithTax,
        total: rest.total,
        totalWithTax: rest.totalWithTax,
    };
}

const PAUSES_MS = [0, 1000, 5000, 15000, 60000];

/** The same id in every attempt: that is what a receiver knows a repetition by. */
async function post(body) {
    const id = `msg_${randomUUID()}`;
    const key = Buffer.from(WEBHOOK_SECRET.replace('whsec_', ''), 'base64');
    for (const pause of PAUSES_MS) {
        await new Promise(done => setTimeout(done, pause));
        const timestamp = Math.floor(Date.now() / 1000);
        const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
        const headers = {
            'content-type': 'application/json',
            'webhook-id': id,
            'webhook-timestamp': String(timestamp),
            'webhook-signature': `v1,${signature}`,
        };
        const answer = await fetch(WEBHOOK_URL, { method: 'POST', headers, body }).catch(error => error);
        if (answer.ok) return;
        console.error('webhook:', answer.status ?? answer.message);
    }
}

class PlacedOrders {
    constructor(bus, orders) {
        this.bus = bus;
        this.orders = orders;
    }

    onApplicationBootstrap() {
        if (!WEBHOOK_URL) return;
        this.bus.ofType(OrderPlacedEvent).subscribe(async event => {
            // As the request has it: its transaction may not be committed, so nothing is read again without it.
            const placed = await this.orders.findOne(event.ctx, event.order.id);
            const timestamp = new Date().toISOString();
            await post(JSON.stringify({ type: 'order.placed', timestamp, data: order(placed) }));
        });
    }
}
Reflect.defineMetadata('design:paramtypes', [EventBus, OrderService], PlacedOrders);
VendurePlugin({ imports: [PluginCommonModule] })(PlacedOrders);

// Nobody is told about what happens here.
process.env.VENDURE_DISABLE_TELEMETRY = 'true';
bootstrap({
    apiOptions: { port, hostname: '127.0.0.1', adminApiPath: 'admin-api', shopApiPath: 'shop-api' },
    authOptions: {
        tokenMethod: ['bearer', 'cookie'],
        superadminCredentials: { identifier: 'superadmin', password: 'loopback-only' },
        cookieOptions: { secret: 'loopback-only' },
        requireVerification: false,
    },
    dbConnectionOptions: {
        type: 'postgres', host: '127.0.0.1', port: databasePort, username: 'spillway', database: 'shop',
        // Tables are made when the shop is prepared, and found as they have to be afterwards.
        synchronize: true, migrations: [],
    },
    paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
    shippingOptions: { fulfillmentHandlers: [manualFulfillmentHandler] },
    plugins: [DefaultJobQueuePlugin.init({}), DefaultSearchPlugin.init({}), PlacedOrders],
}).catch(error => {
    console.error(error);
    process.exit(1);
});
