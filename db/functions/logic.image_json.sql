create function logic.image_json(image shop.product_images) returns json
language sql stable
return json_build_object(
  'id', image.id, 'image', image.image, 'alt_text', image.alt_text, 'is_primary', image.is_primary,
  'sort_order', image.sort_order, 'width', image.width, 'height', image.height, 'thumbnails', image.thumbnails
);
comment on function logic.image_json is 'A picture of a product as /api/v1 shows it.';
grant execute on function logic.image_json to anon, customer;
