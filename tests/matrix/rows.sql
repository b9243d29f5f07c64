-- What the world of the matrix has beyond people, goods and orders, in a superuser's transaction, as the owner.
-- %(anna)s, %(bert)s and %(guest)s are customers, staff and admin work here; each table needs rows of the kinds its entry speaks of.
-- What calls need to name goes into `named`.

create temporary table named (name text, key uuid) on commit drop;

insert into shop.categories (name, slug, is_active) values ('Open', 'open', true), ('Closed', 'closed', false);
insert into shop.shipping_methods (code, name, price, is_active) values ('post', 'Post', 1, true), ('pigeon', 'Pigeon', 1, false);
insert into shop.payment_events values ('evt_1', 'x.y', '{}', 'ignored');
insert into shop.job_slots (job, slot) values ('count_beans', current_date);
insert into auth.second_factors (account_id, secret) values (%(anna)s, 'x');
insert into auth.recovery_codes values (%(anna)s, sha256('anna'));
insert into auth.throttles values ('anna', 1, now());
insert into auth.signing_keys values ('old', repeat('x', 43), now(), now(), now());
insert into auth.api_keys (name, prefix, key_hash, scopes, expires_at) values
  ('Program', 'pgk_', sha256('program'), '{manage_stock,read_catalogue,read_orders}', now() + interval '1 day');
insert into auth.api_keys (name, prefix, key_hash, scopes, created_at, expires_at, revoked_at) values
  ('revoked', 'pgk_', sha256('r'), '{manage_stock,read_catalogue,read_orders}', now(), now() + interval '1 day', now()),
  ('expired', 'pgk_', sha256('e'), '{manage_stock,read_catalogue,read_orders}', now() - interval '2 days', now(), null);
insert into named select case name when 'Program' then 'api_key' else name || '_api_key' end, id from auth.api_keys;
update shop.customers set avatar = '/media/avatars/somebody.png', is_email_verified = id = %(anna)s;
insert into auth.one_time_tokens values (sha256('anna'), %(anna)s, 'verify_email', 'anna@example.com', now());

-- Shown, put away itself, and in a product that is put away.
insert into shop.product_variants (product_id, name, sku, is_active) values
  (%(pear)s, 'Red', 'red', true), (%(pear)s, 'Blue', 'blue', false), (%(secret)s, 'Green', 'green', true);
insert into named select sku || '_variant', id from shop.product_variants where sku in ('red', 'blue', 'green');

-- bert's review is approved; admin praised the secret product, which nobody may read.
update shop.reviews set is_approved = true where customer_id = %(bert)s;
insert into shop.reviews (product_id, customer_id, rating, is_approved) values (%(secret)s, %(admin)s, 5, true);

insert into shop.refunds (payment_id, amount)
select p.id, 5 from shop.payments p join shop.orders o on o.id = p.order_id;

insert into shop.stock_movements (variant_id, quantity, reason) select id, 5, 'delivery' from shop.product_variants where sku = 'red';
-- Each at a time of its own, which tells them apart.
update shop.wishlist_items set created_at = clock_timestamp();

insert into shop.promotions (code, kind, value) values ('BEANS', 'fixed', 1);
insert into shop.promotion_uses (order_id, promotion_id)
select o.id, p.id from shop.promotions p, shop.orders o where p.code = 'BEANS' limit 1;
insert into shop.promotions (code, kind, value) values ('PEAS', 'percentage', 5);

insert into shop.disputes (id, payment_id, amount, status)
select 'dp_' || p.id, p.id, 1, 'won' from shop.payments p limit 1;

insert into shop.order_notes (order_id, text, is_private, author)
select o.id, 'About this', p.is_private, 'staff' from shop.orders o, (values (true), (false)) p (is_private);
insert into shop.shipments (order_id) select o.id from shop.orders o;
insert into shop.shipment_items (shipment_id, order_item_id, quantity)
select s.id, i.id, 1 from shop.shipments s join shop.order_items i on i.order_id = s.order_id;
