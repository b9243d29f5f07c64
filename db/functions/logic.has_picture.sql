create function logic.has_picture(image text) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (select from shop.product_images g where g.image = has_picture.image)
    or exists (select from shop.categories c where c.image = has_picture.image)
    or exists (select from shop.customers c where c.avatar = has_picture.image);
end;
$$;
comment on function logic.has_picture is 'Whether any row names this file.';
grant execute on function logic.has_picture to worker;
