create view api.stock_movements with (security_invoker) as
select id, variant_id, quantity, reason, order_id, note, created_at from shop.stock_movements;
comment on view api.stock_movements is $$Ledger of stock
Append-only, for staff: insert deliveries and corrections; sales and returns write themselves.$$;
comment on column api.stock_movements.id is 'Key, rising.';
comment on column api.stock_movements.variant_id is 'What was moved.';
comment on column api.stock_movements.quantity is 'How many came, negative when they went.';
comment on column api.stock_movements.reason is 'initial, delivery, sale, return, correction or stock_take.';
comment on column api.stock_movements.order_id is 'The order that it belongs to.';
comment on column api.stock_movements.note is 'In words, why: a stock take, a theft.';
comment on column api.stock_movements.created_at is 'When.';
grant select, insert (variant_id, quantity, reason, note) on api.stock_movements to staff;
grant select, insert (variant_id, quantity, reason) on api.stock_movements to integration;
