create view api.order_notes with (security_invoker) as
select id, order_id, text, is_private, author, created_at from shop.order_notes;
comment on view api.order_notes is $$Notes on orders
What customer and staff say about an order; private ones are from staff to staff.$$;
comment on column api.order_notes.id is 'Key.';
comment on column api.order_notes.order_id is 'The order.';
comment on column api.order_notes.text is 'The words.';
comment on column api.order_notes.is_private is 'Whether only staff sees it.';
comment on column api.order_notes.author is 'customer or staff.';
comment on column api.order_notes.created_at is 'When.';
grant select, insert (order_id, text, is_private) on api.order_notes to customer;
