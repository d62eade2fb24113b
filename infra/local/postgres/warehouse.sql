-- The warehouse's one fact table, and its rows before anything has happened.
CREATE TABLE fact_sales (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku text NOT NULL,
    quantity integer NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    sold_at timestamptz NOT NULL
);
INSERT INTO fact_sales (sku, quantity, amount_minor, currency, sold_at) VALUES
    ('SKU-1', 2, 2000, 'EUR', '2026-01-05T10:00:00Z'),
    ('SKU-1', 1, 1000, 'EUR', '2026-01-06T11:00:00Z'),
    ('SKU-2', 3, 4500, 'EUR', '2026-01-06T12:00:00Z');
