create function logic.path_image() returns shop.product_images
language plpgsql stable set search_path = '' as $$
declare
  product uuid := logic.path_product();
  found shop.product_images;
begin
  select g.* into found from shop.product_images g where g.id = logic.path_id() and g.product_id = product;
  if found.id is null then
    perform logic.problem(404, 'image_not_found', 'There is no such picture.');
  end if;
  return found;
end;
$$;
comment on function logic.path_image is 'The picture of the URL, /products/{slug}/images/{id}/. Raises 404 product_not_found, 404 image_not_found.';
grant execute on function logic.path_image to staff;
