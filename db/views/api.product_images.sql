create view api.product_images with (security_invoker) as
select id, product_id, image, alt_text, is_primary, sort_order, width, height, thumbnails from shop.product_images;
comment on view api.product_images is $$Pictures of products
Paths under /media. Staff uploads files under /api/v1/products/{slug}/images/, and changes and removes rows here as well.$$;
comment on column api.product_images.id is 'Key.';
comment on column api.product_images.product_id is 'The product.';
comment on column api.product_images.image is 'Path of the file on this host.';
comment on column api.product_images.alt_text is 'What is to be seen, for those who do not see it.';
comment on column api.product_images.is_primary is 'The one that lists show.';
comment on column api.product_images.sort_order is 'Order of showing.';
comment on column api.product_images.width is 'Width in pixels, null when nobody has measured it.';
comment on column api.product_images.height is 'Height in pixels, null when nobody has measured it.';
comment on column api.product_images.thumbnails is
  'Paths of smaller copies by width in pixels, {"160": …, "480": …, "960": …}; empty until they are made. None is larger than the picture.';
grant select on api.product_images to anon, customer;
grant update (alt_text, is_primary, sort_order), delete on api.product_images to staff;
