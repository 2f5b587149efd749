-- One workspace with %(size)s orders of two shops: about 3,000 open ones, whatever the size, and years of shipped ones.
-- Indexes are built after the rows, and references are not checked, as that is many times faster.
SET session_replication_role = replica;
CREATE TEMP TABLE later AS
    SELECT indexname, indexdef FROM pg_indexes
    WHERE tablename IN ('orders_order', 'orders_line')
      AND indexname NOT IN (SELECT conname FROM pg_constraint);
DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT indexname FROM later LOOP EXECUTE format('DROP INDEX %%I', one.indexname); END LOOP;
END $$;

INSERT INTO shops_shop (workspace_id, tiktok_id, cipher, code, name, region, seller_type, connected_at)
SELECT %(workspace)s, 'shop-' || n, 'cipher', '', 'Shop ' || n, 'US', '', now() FROM generate_series(1, 2) AS n;

INSERT INTO catalog_sku (
    shop_id, tiktok_id, product_id, seller_sku, product_name, sku_name, image_url, weight_g, measured_by, updated_at)
SELECT shop.id, 'sku-' || n, 'product-' || n, 'SKU-' || lpad(n::text, 3, '0'), 'Product ' || n, '', '', 200, 'product', now()
FROM shops_shop shop, generate_series(0, 59) AS n;

CREATE TEMP TABLE given AS SELECT
    ARRAY['Jo', 'Ana', 'Li', 'Sam', 'Noor', 'Max', 'Ida', 'Tom', 'Eve', 'Raj', 'Mia', 'Leo', 'Zoe', 'Kai', 'Uma', 'Ben'] AS first,
    ARRAY['Ortiz', 'Nguyen', 'Okafor', 'Larsen', 'Moreau', 'Tanaka', 'Silva', 'Novak', 'Haddad', 'Kim', 'Rossi', 'Weber',
          'Patel', 'Evans', 'Garcia', 'Brown', 'Adeyemi', 'Costa', 'Dubois', 'Eriksen', 'Fischer', 'Green', 'Huang', 'Ito'] AS last,
    ARRAY['Glow Serum 30 ml', 'LED Mirror', 'Silk Pillowcase', 'Lip Oil Trio', 'Jade Roller', 'Hair Clip Set', 'Phone Ring Light',
          'Matcha Starter Kit', 'Linen Tote', 'Candle Amber'] AS product;

CREATE TEMP TABLE seed AS
SELECT n,
    -- eighteen digits that say nothing about the order, as TikTok's
    '5769' || lpad(mod(n::numeric * 61803398874989, 100000000000000)::text, 14, '0') AS number,
    CASE WHEN n <= 2000 THEN 'ready' WHEN n <= 2300 THEN 'hold' WHEN n <= 2450 THEN 'fix' WHEN n <= 2900 THEN 'bought'
         WHEN n %% 40 = 0 THEN 'closed' ELSE 'shipped' END AS stage,
    (SELECT first[1 + n %% 16] || ' ' || last[1 + (n / 16) %% 24] FROM given) AS buyer,
    (SELECT product[1 + abs(hashint8(n) %% 10)] FROM given) AS product,
    abs(hashint8(n) %% 60) AS sku_number,
    'SKU-' || lpad(abs(hashint8(n) %% 60)::text, 3, '0') AS sku,
    random() AS chance
FROM generate_series(1, %(size)s) AS n;

INSERT INTO orders_order (
    workspace_id, shop_id, tiktok_id, status, lane, shipping_type, fulfillment_type, order_type, delivery_type,
    delivery_option_id, delivery_option_name, shipping_provider, shipping_provider_id, tracking_number, warehouse_id,
    package_ids, created_at, updated_at, scan_by, cancel_reason, cancelled_by, is_cancel_requested, is_on_hold, is_sample,
    is_cod, is_replacement, is_exchange, is_subscription, address_changed, split_or_combine, combine_group, currency, total,
    subtotal, shipping_fee, seller_discount, platform_discount, tax, buyer_id, buyer_nickname, buyer_message, seller_note,
    recipient, address_state, unit_count, sku_count, sku_ids, pick_key, search_text, raw, synced_at, held_because, tags, note,
    fixed_recipient, ship_despite_cancel, parcel, label_state, label_carrier, label_tracking, rate_problem, plan_name,
    plan_price, plan_currency, plan_why, plan_parcel, stage, blocker, due_at)
SELECT
    %(workspace)s, (SELECT min(id) + n %% 2 FROM shops_shop), number,
    CASE stage WHEN 'shipped' THEN 'DELIVERED' WHEN 'closed' THEN 'CANCELLED' ELSE 'AWAITING_SHIPMENT' END,
    CASE WHEN n %% 3 = 0 THEN 'platform' ELSE 'own' END, 'SELLER', 'FULFILLMENT_BY_SELLER', 'NORMAL', 'HOME_DELIVERY',
    '7091', 'Standard shipping', '', '', CASE WHEN stage = 'shipped' THEN '1Z' || md5(n::text) ELSE '' END, '7000', '{}',
    due - interval '3 days', due - interval '2 days', due, '', '', false, stage = 'hold', n %% 50 = 0,
    false, false, false, false, false, '', '', 'USD', 8 + n %% 60, 8 + n %% 60, 0, 0, 0, 0, 'buyer-' || n,
    lower(replace(buyer, ' ', '.')) || n, '', '',
    jsonb_build_object('name', buyer, 'street1', n || ' Main St', 'street2', '', 'city', 'Austin', 'state', 'TX',
        'postal_code', '78701', 'country', 'US', 'phone', '5125550100', 'company', '', 'email', ''),
    'good', 1 + n %% 3, 1 + (n %% 3) / 2,
    ARRAY['sku-' || sku_number] || CASE WHEN n %% 3 = 2 THEN ARRAY['sku-' || (sku_number + 1) %% 60] ELSE '{}'::text[] END, lower(sku),
    lower(concat_ws(' ', number, replace(buyer, ' ', '.') || n, buyer,
        CASE WHEN stage = 'shipped' THEN '1Z' || md5(n::text) END, sku, product)),
    jsonb_build_object('id', n, 'note', repeat(md5(n::text), 12)), now(),
    '', CASE WHEN n %% 30 = 0 THEN ARRAY['vip'] ELSE '{}'::text[] END, '', '{}', false, '{}',
    CASE WHEN stage IN ('bought', 'shipped') THEN 'bought' ELSE '' END,
    CASE WHEN stage IN ('bought', 'shipped') THEN 'ups' ELSE '' END,
    CASE WHEN stage IN ('bought', 'shipped') THEN '1Z' || md5(n::text) ELSE '' END,
    '', 'UPS Ground Saver', 4.5 + (n %% 300) / 100.0, 'USD',
    'Cheapest that arrives in time: $1.20 less than FedEx Ground Economy. USPS is struck out by TikTok''s rule for the US.',
    '{"weight_g": 240, "length_mm": 152, "width_mm": 102, "height_mm": 51, "source": "SKU"}',
    stage, CASE stage WHEN 'fix' THEN (ARRAY['no_weight', 'bad_address', 'cancel_requested'])[1 + n %% 3] WHEN 'hold' THEN 'on_hold'
        WHEN 'closed' THEN 'cancelled' ELSE '' END, due
FROM seed, LATERAL (SELECT CASE
    WHEN stage = 'hold' OR (stage = 'closed' AND n %% 80 = 0) THEN timestamptz '2999-01-01 00:00+00'
    WHEN stage IN ('shipped', 'closed') THEN now() - chance * interval '365 days'
    WHEN stage = 'bought' THEN now() + chance * interval '24 hours'
    ELSE now() + chance * interval '48 hours' END AS due) AS deadline;

-- Open orders have a clock; shipped ones have one while their parcel is not scanned, which is long over here.
INSERT INTO orders_clock (order_id, workspace_id, risk, risk_why, predicted_scan_at, next_risk_at, basis)
SELECT o.id, %(workspace)s, CASE WHEN o.due_at < now() + interval '4 hours' THEN 'late'
        WHEN o.due_at < now() + interval '12 hours' THEN 'risk' ELSE 'ok' END,
    'Expected at the carrier tomorrow by 14:10, from 240 parcels of this weekday.', now() + interval '20 hours', now() + interval '1 hour', s.n
FROM seed s JOIN orders_order o ON o.tiktok_id = s.number
WHERE s.stage IN ('ready', 'hold', 'fix', 'bought');

INSERT INTO orders_line (
    order_id, tiktok_id, sku_id, product_id, seller_sku, product_name, sku_name, image_url, status, package_id,
    package_status, tracking_number, currency, sale_price, original_price, seller_discount, platform_discount,
    cancel_reason, cancelled_by, is_gift, is_dangerous, sub_items)
SELECT o.id, o.tiktok_id || '-' || unit, 'sku-' || (s.sku_number + unit / 3) %% 60, 'product-' || s.sku_number, s.sku, s.product, '', '', '', '',
    '', '', 'USD', 12, 12, 0, 0, '', '', false, false, '[]'
FROM seed s JOIN orders_order o ON o.tiktok_id = s.number
CROSS JOIN LATERAL generate_series(1, 1 + s.n %% 3) AS unit;

DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT indexdef FROM later LOOP EXECUTE one.indexdef; END LOOP;
END $$;
DROP TABLE later, given, seed;
RESET session_replication_role;
