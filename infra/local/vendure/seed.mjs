// Makes a shop that sells two of Tryton's products to the United States and Germany. Argument: the shop's address.
const api = `${process.argv[2]}/admin-api`;
let token;

async function call(query, variables = {}) {
    const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
    const answer = await fetch(api, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
    token = answer.headers.get('vendure-auth-token') ?? token;
    const { data, errors } = await answer.json();
    if (errors) throw new Error(`${query}: ${JSON.stringify(errors)}`);
    return Object.values(data)[0];
}

const en = (name, more = {}) => [{ languageCode: 'en', name, ...more }];
await call('mutation { login(username: "superadmin", password: "loopback-only") { __typename } }');
const zone = (await call('mutation { createZone(input: { name: "All" }) { id } }')).id;
const countries = [];
for (const [code, name] of [['US', 'United States'], ['DE', 'Germany']]) {
    const input = { code, enabled: true, translations: en(name) };
    countries.push((await call('mutation($input: CreateCountryInput!) { createCountry(input: $input) { id } }', { input })).id);
}
await call('mutation($zone: ID!, $ids: [ID!]!) { addMembersToZone(zoneId: $zone, memberIds: $ids) { id } }', { zone, ids: countries });
const category = (await call('mutation { createTaxCategory(input: { name: "Standard", isDefault: true }) { id } }')).id;
const rate = { name: 'Standard', enabled: true, value: 19, categoryId: category, zoneId: zone };
await call('mutation($input: CreateTaxRateInput!) { createTaxRate(input: $input) { id } }', { input: rate });
const channel = {
    id: 1, defaultTaxZoneId: zone, defaultShippingZoneId: zone, defaultCurrencyCode: 'EUR', availableCurrencyCodes: ['EUR'],
};
await call('mutation($input: UpdateChannelInput!) { updateChannel(input: $input) { __typename } }', { input: channel });
const shipping = {
    code: 'standard',
    fulfillmentHandler: 'manual-fulfillment',
    checker: { code: 'default-shipping-eligibility-checker', arguments: [{ name: 'orderMinimum', value: '0' }] },
    calculator: {
        code: 'default-shipping-calculator',
        arguments: [{ name: 'rate', value: '500' }, { name: 'includesTax', value: 'auto' }, { name: 'taxRate', value: '19' }],
    },
    translations: en('Standard', { description: '' }),
};
await call('mutation($input: CreateShippingMethodInput!) { createShippingMethod(input: $input) { id } }', { input: shipping });
const payment = {
    code: 'dummy',
    enabled: true,
    handler: { code: 'dummy-payment-handler', arguments: [{ name: 'automaticSettle', value: 'true' }] },
    translations: en('Dummy', { description: '' }),
};
await call('mutation($input: CreatePaymentMethodInput!) { createPaymentMethod(input: $input) { id } }', { input: payment });
for (const [sku, price] of [['SKU-1', 1000], ['SKU-2', 1500]]) {
    const input = { enabled: true, translations: en(`Widget ${sku}`, { slug: sku.toLowerCase(), description: '' }) };
    const product = (await call('mutation($input: CreateProductInput!) { createProduct(input: $input) { id } }', { input })).id;
    const variant = {
        productId: product, sku, price, taxCategoryId: category, stockOnHand: 1000, trackInventory: 'TRUE',
        translations: en(`Widget ${sku}`),
    };
    await call('mutation($input: [CreateProductVariantInput!]!) { createProductVariants(input: $input) { id } }', { input: [variant] });
}
