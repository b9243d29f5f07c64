create view api.carts with (security_invoker) as
select id, version, created_at, updated_at from shop.carts;
comment on view api.carts is $$One's cart
One open cart a customer; embed cart_items for its lines.$$;
comment on column api.carts.id is 'Key.';
comment on column api.carts.version is 'Counts changes of the lines.';
comment on column api.carts.created_at is 'When it was opened.';
comment on column api.carts.updated_at is 'When it last changed.';
grant select on api.carts to customer;
