// node server.js PORT DATABASE: serves what seed.js has made. WEBHOOK_URL and WEBHOOK_SECRET say where orders are told.
const { open } = require('./shop');

const [port, database] = process.argv.slice(2);
const webhook = { url: process.env.WEBHOOK_URL, secret: process.env.WEBHOOK_SECRET };
open({ port: Number(port), database, webhook }).catch(error => {
    console.error(error);
    process.exit(1);
});
