create view api.wishlist_items with (security_invoker) as
select product_id, created_at from shop.wishlist_items;
comment on view api.wishlist_items is $$My wishlist
What one would like to have; embed products. What is not sold any more stays, without its product.$$;
comment on column api.wishlist_items.product_id is 'The product.';
comment on column api.wishlist_items.created_at is 'When it was wished for.';
grant select, insert (product_id), delete on api.wishlist_items to customer;
