create function logic.add_picture(
  claims jsonb, room text, slug text, image text, width integer, height integer,
  alt_text text default '', is_primary boolean default null
) returns json
language plpgsql security definer set search_path = '' as $$
declare
  place uuid := logic.picture_place(claims, room, slug);
  made shop.product_images;
  category shop.categories;
begin
  if room = 'avatars' then
    update shop.customers c set avatar = add_picture.image, avatar_thumbnails = '{}' where c.id = place;
    return v1.get_me();
  end if;
  if room = 'categories' then
    update shop.categories c set image = add_picture.image where c.id = place returning * into category;
    return logic.category_json(category);
  end if;
  -- The first one of a product is what lists show, unless somebody says otherwise.
  if coalesce(is_primary, not exists (select from shop.product_images g where g.product_id = place)) then
    perform logic.sole_primary(place);
    is_primary := true;
  end if;
  insert into shop.product_images (product_id, image, width, height, alt_text, is_primary, sort_order)
  values (
    place, image, width, height, alt_text, coalesce(is_primary, false),
    (select coalesce(max(g.sort_order) + 1, 0) from shop.product_images g where g.product_id = place)
  )
  returning * into made;
  return logic.image_json(made);
end;
$$;
comment on function logic.add_picture is 'Hangs a stored file where it belongs and answers what /api/v1 shows: the picture of a product, its category, or the profile. Raises 403 permission_denied, 404 product_not_found, 404 category_not_found.';
grant execute on function logic.add_picture to service;
