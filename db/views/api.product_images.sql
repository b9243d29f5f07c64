create view api.product_images with (security_invoker) as
select id, product_id, image, alt_text, is_primary, sort_order from shop.product_images;
comment on view api.product_images is $$Pictures of products
Paths under /media.$$;
comment on column api.product_images.id is 'Key.';
comment on column api.product_images.product_id is 'The product.';
comment on column api.product_images.image is 'Path of the file on this host.';
comment on column api.product_images.alt_text is 'What is to be seen, for those who do not see it.';
comment on column api.product_images.is_primary is 'The one that lists show.';
comment on column api.product_images.sort_order is 'Order of showing.';
grant select on api.product_images to anon, customer;
