create function logic.import_image(product_id uuid, fields jsonb) returns text
language plpgsql set search_path = '' as $$
declare
  known shop.product_images;
  wanted shop.product_images;
begin
  select g.* into known from shop.product_images g
  where g.product_id = import_image.product_id and g.image = fields ->> 'image';
  wanted := known;
  wanted.alt_text := coalesce(fields ->> 'image_alt', known.alt_text, '');
  wanted.sort_order := coalesce((fields ->> 'image_order')::integer, known.sort_order, (
    select coalesce(max(g.sort_order) + 1, 0) from shop.product_images g where g.product_id = import_image.product_id
  ));
  wanted.is_primary := coalesce((fields ->> 'image_is_primary')::boolean, known.is_primary, not exists (
    select from shop.product_images g where g.product_id = import_image.product_id
  ));
  if wanted is not distinct from known then
    return 'unchanged';
  end if;
  if wanted.is_primary and known.is_primary is not true then
    perform logic.sole_primary(import_image.product_id);
  end if;
  if known.id is null then
    insert into shop.product_images (product_id, image, width, height, alt_text, is_primary, sort_order)
    values (
      import_image.product_id, fields ->> 'image', (fields ->> 'image_width')::integer,
      (fields ->> 'image_height')::integer, wanted.alt_text, wanted.is_primary, wanted.sort_order
    );
    return 'created';
  end if;
  update shop.product_images g set
    alt_text = wanted.alt_text, is_primary = wanted.is_primary, sort_order = wanted.sort_order
  where g.id = known.id;
  return 'updated';
end;
$$;
comment on function logic.import_image is
  'Hangs a stored file on a product, or changes what is said of one that hangs there. The first picture of a product is the primary one, unless the file says otherwise.';
