// node seed.js PORT DATABASE: makes a shop that sells what Tryton's seed has, and writes it to DATABASE.
const { TransactionalConnection } = require('@vendure/core');
const { open } = require('./shop');

const SKUS = ['SKU-1', 'SKU-2', 'SKU-3', 'SKU-EMPTY'];
const COUNTRIES = [
    ['DE', 'Germany'],
    ['US', 'United States'],
];

async function main(port, database) {
    const app = await open({ port, database, synchronize: true });
    const admin = await login(`http://127.0.0.1:${port}/admin-api`);
    const tax = await addTax(admin);
    await addShippingAndPayment(admin);
    for (const sku of SKUS) await addProduct(admin, sku, tax);
    await app.get(TransactionalConnection).rawConnection.driver.save();
    await app.close();
}

/** Answers with a function that asks the API as the super administrator. */
async function login(url) {
    const headers = { 'content-type': 'application/json' };
    const ask = async (query, variables) => {
        const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
        const { data, errors } = await answer.json();
        if (errors) throw new Error(JSON.stringify(errors));
        const token = answer.headers.get('vendure-auth-token');
        if (token) headers.authorization = `Bearer ${token}`;
        const [result] = Object.values(data);
        if (result.errorCode) throw new Error(JSON.stringify(result));
        return result;
    };
    await ask(`mutation {
        login(username: "superadmin", password: "loopback-only") { ... on ErrorResult { errorCode message } }
    }`);
    return ask;
}

/** One zone with 19% tax, in which everything happens. */
async function addTax(admin) {
    const zone = await admin('mutation { createZone(input: { name: "Everywhere" }) { id } }');
    for (const [code, name] of COUNTRIES) {
        const translations = [{ languageCode: 'en', name }];
        const country = await admin(
            'mutation ($input: CreateCountryInput!) { createCountry(input: $input) { id } }',
            { input: { code, enabled: true, translations } },
        );
        await admin('mutation ($zone: ID!, $country: ID!) { addMembersToZone(zoneId: $zone, memberIds: [$country]) { id } }', {
            zone: zone.id,
            country: country.id,
        });
    }
    const category = await admin('mutation { createTaxCategory(input: { name: "Standard", isDefault: true }) { id } }');
    await admin('mutation ($input: CreateTaxRateInput!) { createTaxRate(input: $input) { id } }', {
        input: { name: 'Standard', enabled: true, value: 19, categoryId: category.id, zoneId: zone.id },
    });
    await admin(
        `mutation ($zone: ID!) {
            updateChannel(input: {
                id: 1, defaultTaxZoneId: $zone, defaultShippingZoneId: $zone, defaultCurrencyCode: EUR,
                availableCurrencyCodes: [EUR], pricesIncludeTax: false
            }) { ... on ErrorResult { errorCode message } }
        }`,
        { zone: zone.id },
    );
    return category.id;
}

async function addShippingAndPayment(admin) {
    const translations = [{ languageCode: 'en', name: 'Standard', description: '' }];
    await admin('mutation ($input: CreateShippingMethodInput!) { createShippingMethod(input: $input) { id } }', {
        input: {
            code: 'standard',
            fulfillmentHandler: 'manual-fulfillment',
            checker: {
                code: 'default-shipping-eligibility-checker',
                arguments: [{ name: 'orderMinimum', value: '0' }],
            },
            calculator: {
                code: 'default-shipping-calculator',
                arguments: [
                    { name: 'rate', value: '500' },
                    { name: 'includesTax', value: 'auto' },
                    { name: 'taxRate', value: '19' },
                ],
            },
            translations,
        },
    });
    await admin('mutation ($input: CreatePaymentMethodInput!) { createPaymentMethod(input: $input) { id } }', {
        input: {
            code: 'prepaid',
            enabled: true,
            handler: { code: 'dummy-payment-handler', arguments: [{ name: 'automaticSettle', value: 'true' }] },
            translations,
        },
    });
}

/** How much there is only Tryton knows. */
async function addProduct(admin, sku, taxCategoryId) {
    const name = `Widget ${sku}`;
    const translation = { languageCode: 'en', name };
    const product = await admin('mutation ($input: CreateProductInput!) { createProduct(input: $input) { id } }', {
        input: { enabled: true, translations: [{ ...translation, slug: sku.toLowerCase(), description: '' }] },
    });
    await admin('mutation ($input: [CreateProductVariantInput!]!) { createProductVariants(input: $input) { id } }', {
        input: [
            { productId: product.id, sku, price: 1000, taxCategoryId, trackInventory: 'FALSE', translations: [translation] },
        ],
    });
}

const [port, database] = process.argv.slice(2);
main(Number(port), database).then(
    () => process.exit(0),
    error => {
        console.error(error);
        process.exit(1);
    },
);
