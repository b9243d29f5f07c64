create function v1.delete_product_image() returns void
language plpgsql set search_path = '' as $$
begin
  delete from shop.product_images g where g.id = (logic.path_image()).id;
end;
$$;
comment on function v1.delete_product_image is $$Remove a picture
For staff. Its files go a moment later. Errors: 404 product_not_found, 404 image_not_found.$$;
grant execute on function v1.delete_product_image to staff;
