create view api.cart_items with (security_invoker) as
select id, cart_id, product_id, variant_id, quantity, price_snapshot, created_at, updated_at from shop.cart_items;
comment on view api.cart_items is $$Lines of one's cart
Changed through add_to_cart, update_cart_item, remove_from_cart and clear_cart.$$;
comment on column api.cart_items.id is 'Key.';
comment on column api.cart_items.cart_id is 'The cart.';
comment on column api.cart_items.product_id is 'The product.';
comment on column api.cart_items.variant_id is 'The variant; a hidden one for products without variants.';
comment on column api.cart_items.quantity is 'How many, 1 to 100000.';
comment on column api.cart_items.price_snapshot is 'Price of one when it was added.';
comment on column api.cart_items.created_at is 'When it was added.';
comment on column api.cart_items.updated_at is 'When it last changed.';
grant select on api.cart_items to customer;
