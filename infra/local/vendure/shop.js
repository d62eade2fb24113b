// A Vendure on SQLite in memory, read from a file, on loopback.
process.env.VENDURE_DISABLE_TELEMETRY = 'true';
const {
    DefaultLogger,
    JobQueueService,
    LogLevel,
    bootstrap,
    dummyPaymentHandler,
    manualFulfillmentHandler,
} = require('@vendure/core');
const { InMemoryJobQueueStrategy } = require('@vendure/core/dist/job-queue/in-memory-job-queue-strategy');
const { OrderPlacedWebhookPlugin } = require('./order-placed-webhook');

/** Without one a failed job is tried again at once. */
const backoffStrategy = (_queue, attempts) => Math.min(250 * 2 ** attempts, 15_000);

async function open({ port, database, synchronize = false, webhook = {} }) {
    const app = await bootstrap({
        apiOptions: { port, hostname: '127.0.0.1', cors: false },
        authOptions: {
            tokenMethod: ['bearer'],
            superadminCredentials: { identifier: 'superadmin', password: 'loopback-only' },
            requireVerification: false,
        },
        // sql.js is SQLite without a native part: nothing has to be compiled or fetched beside the packages.
        dbConnectionOptions: { type: 'sqljs', location: database, autoSave: false, synchronize },
        jobQueueOptions: { jobQueueStrategy: new InMemoryJobQueueStrategy({ pollInterval: 100, backoffStrategy }) },
        paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
        shippingOptions: { fulfillmentHandlers: [manualFulfillmentHandler] },
        logger: new DefaultLogger({ level: LogLevel.Info, timestamp: true }),
        plugins: [OrderPlacedWebhookPlugin.init(webhook)],
    });
    await app.get(JobQueueService).start();
    return app;
}

module.exports = { open };
